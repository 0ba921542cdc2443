import keras
import numpy as np
import pytest
from keras import ops

from kerasrecipes.base.private.tracing import is_compiled_by_xla
from kerasrecipes.layers.augmentation._warp.gathering import warp_gather
from kerasrecipes.layers.augmentation._warp.warping import FILL_MODES, INTERPOLATIONS, warp
from tests.layers.augmentation.geometry import sample

SIZE = (9, 12)
IMAGES = np.random.default_rng(0).integers(0, 256, (4, *SIZE, 3)).astype("uint8")
# Affine, with perspective, far outside, and stretched.
HOMOGRAPHIES = np.array(
    [
        [[0.8311, -0.3129, 2.1713], [0.2917, 0.9137, -1.4319], [0, 0, 1]],
        [[1.0711, 0.1213, -1.3127], [0.0519, 0.9329, 0.7717], [0.0131, -0.0171, 1]],
        [[2.7113, 0.3319, -19.313], [-0.4117, 2.9329, 15.7123], [0, 0, 1]],
        [[0.3719, 0, 3.2113], [0, 0.5327, 1.7929], [0, 0, 1]],
    ],
    "float32",
)


def warped(images, homographies=HOMOGRAPHIES, size=SIZE, function=warp, **options):
    options = {"interpolation": "bilinear", "fill_mode": "constant", "fill_value": 7, **options}
    images, homographies = map(ops.convert_to_tensor, (images, homographies))
    return ops.convert_to_numpy(function(images, homographies, size, **options))


def reference(images, size, interpolation, fill_mode):
    pairs = zip(images, HOMOGRAPHIES, strict=True)
    return np.stack([sample(x, h, size, interpolation, fill_mode, 7) for x, h in pairs])


@pytest.mark.parametrize("fill_mode", FILL_MODES)
@pytest.mark.parametrize("interpolation", INTERPOLATIONS)
@pytest.mark.parametrize("function", [warp, warp_gather])
def test_pixels_equal_scipy_s_in_float64(function, interpolation, fill_mode):
    options = {"interpolation": interpolation, "fill_mode": fill_mode, "function": function}
    size = (7, 13)
    received = warped(IMAGES.astype("float32"), size=size, **options)
    expected = reference(IMAGES, size, interpolation, fill_mode)
    assert received.shape == (4, 7, 13, 3)
    # Places are rounded to 2e-6 pixels, and neighbouring pixels differ by up to 255.
    np.testing.assert_allclose(received, expected, atol=3e-3)


@pytest.mark.parametrize("interpolation", INTERPOLATIONS)
def test_integers_are_rounded_not_cut(interpolation):
    received = warped(IMAGES, interpolation=interpolation)
    assert received.dtype == "uint8"
    expected = reference(IMAGES, SIZE, interpolation, "constant")
    assert np.abs(received - expected).max() <= 0.51


@pytest.mark.parametrize("dtype", ["float16", "float64"])
def test_other_dtypes_are_kept(dtype):
    if dtype == "float64" and keras.backend.backend() == "jax":
        pytest.skip("JAX computes in float32")
    received = warped(IMAGES.astype(dtype))
    assert received.dtype == dtype
    expected = reference(IMAGES, SIZE, "bilinear", "constant")
    np.testing.assert_allclose(received, expected, atol=0.5 if dtype == "float16" else 3e-3)


@pytest.mark.parametrize("fill_mode", FILL_MODES)
def test_whole_pixels_are_moved_without_a_change_of_a_bit(fill_mode):
    images = np.random.default_rng(1).normal(size=(4, 7, 7, 3)).astype("float32")
    homographies = np.array(
        [
            np.eye(3),
            [[-1, 0, 6], [0, 1, 0], [0, 0, 1]],
            [[1, 0, 0], [0, -1, 6], [0, 0, 1]],
            [[0, -1, 6], [1, 0, 0], [0, 0, 1]],
        ],
        "float32",
    )
    received = warped(images, homographies, (7, 7), fill_mode=fill_mode)
    first, across, down, turned = images
    expected = np.stack([first, across[:, ::-1], down[::-1], np.rot90(turned)])
    np.testing.assert_array_equal(received, expected)


def test_whole_pixels_beside_others_in_a_batch():
    homographies = np.concatenate([HOMOGRAPHIES[:1], [np.diag([-1, 1, 1])]]).astype("float32")
    homographies[1, 0, 2] = SIZE[1] - 1
    images = IMAGES[:2] / np.float32(3)
    received = warped(images, homographies)
    np.testing.assert_array_equal(received[1], images[1, :, ::-1])
    np.testing.assert_array_equal(received[0], warped(images[:1], homographies[:1])[0])


@pytest.mark.tensorflow_only
def test_what_xla_compiles_is_known_and_compiles():
    import tensorflow as tf

    seen = []

    def step(images):
        seen.append(is_compiled_by_xla())
        options = {"interpolation": "bilinear", "fill_mode": "constant"}
        return warp(images, tf.constant(HOMOGRAPHIES), SIZE, **options)

    images = tf.constant(IMAGES, "float32")
    plain = step(images)
    inner = tf.function(step)
    results = [
        tf.function(step)(images),
        tf.function(step, jit_compile=True)(images),
        tf.function(lambda x: inner(x), jit_compile=True)(images),
    ]
    next(iter(tf.data.Dataset.from_tensors(images).map(step)))
    assert seen == [False, False, True, True, False]
    for result in results:
        np.testing.assert_allclose(result, plain, atol=1e-3)


@pytest.mark.parametrize("fill_value", [-1, 256, 0.5])
def test_a_fill_value_that_the_images_cannot_hold(fill_value):
    with pytest.raises(ValueError, match=r"`fill_value` must be an integer in \[0, 255\]"):
        warped(IMAGES, fill_value=fill_value)
