"""What all layers that adapt have in common, and what each of them computes."""

import keras
import numpy as np
import pytest
from keras import ops

from kerasrecipes.layers import Centering, PCAWhitening, Standardization, ZCAWhitening
from kerasrecipes.layers.preprocessing import AdaptableLayer
from kerasrecipes.models.surgery.assembly import assemble

# A value other than the default for every argument.
CASES = {
    Centering: {"per": "feature"},
    Standardization: {"per": "feature"},
    PCAWhitening: {"components": 3, "epsilon": 0.5, "whiten": False},
    ZCAWhitening: {"epsilon": 0.5},
}
LAYERS = list(CASES)


def images(samples=200, seed=0):
    """Returns images of 3x2 pixels and 2 channels whose features are correlated."""
    rng = np.random.default_rng(seed)
    mixed = rng.normal(size=(samples, 12)) @ np.random.default_rng(9).normal(size=(12, 12))
    return (mixed + np.arange(12)).reshape(samples, 3, 2, 2).astype("float32")


def to_numpy(tensor):
    return ops.convert_to_numpy(tensor)


def reference(layer, data, x):
    """Returns a layer's outputs in NumPy and float64, from its definition."""
    data, x = data.astype("float64"), x.astype("float64")
    if isinstance(layer, Centering | Standardization):
        axes = (0, 1, 2) if layer.per == "channel" else 0
        scale = data.std(axes) if isinstance(layer, Standardization) else 1
        return (x - data.mean(axes)) / scale
    flat, rows = data.reshape(len(data), -1), x.reshape(len(x), -1)
    covariance = (flat - flat.mean(0)).T @ (flat - flat.mean(0)) / len(flat)
    u, s, _ = np.linalg.svd(covariance)
    turned = (rows - flat.mean(0)) @ u
    if isinstance(layer, ZCAWhitening):
        return (turned / np.sqrt(s + layer.epsilon) @ u.T).reshape(x.shape)
    return (turned / np.sqrt(s + layer.epsilon) if layer.whiten else turned)[:, : layer.components]


def check_outputs(layer, outputs, expected, **tolerance):
    if isinstance(layer, PCAWhitening):
        # Either direction of an axis is as good.
        np.testing.assert_allclose(np.abs(outputs), np.abs(expected), **tolerance)
    else:
        np.testing.assert_allclose(outputs, expected, **tolerance)


def test_every_layer_has_a_case():
    import kerasrecipes.layers as layers

    adaptable = {getattr(layers, name) for name in layers.__all__ if _is_adaptable(layers, name)}
    assert adaptable == set(CASES)


def _is_adaptable(module, name):
    found = getattr(module, name)
    return isinstance(found, type) and AdaptableLayer in found.__mro__[1:]


@pytest.mark.parametrize("options", ["default", "case"])
@pytest.mark.parametrize("kind", LAYERS)
def test_outputs_equal_the_definition(kind, options):
    layer = kind(**CASES[kind] if options == "case" else {})
    layer.adapt(images())
    x = images(20, seed=1)
    check_outputs(layer, to_numpy(layer(x)), reference(layer, images(), x), atol=1e-4)


@pytest.mark.parametrize("kind", LAYERS)
def test_inverse_undoes_the_layer(kind):
    layer = kind()
    layer.adapt(images())
    x = images(20, seed=1)
    np.testing.assert_allclose(to_numpy(layer.inverse(layer(x))), x, atol=1e-3)


def test_the_inverse_of_fewer_components_is_the_closest_that_they_can_express():
    layer = PCAWhitening(components=5)
    layer.adapt(images())
    x = images(200)
    rebuilt = to_numpy(layer.inverse(layer(x)))
    flat = x.reshape(200, -1).astype("float64")
    smallest = np.linalg.eigvalsh(np.cov(flat.T, bias=True))[: 12 - 5]
    lost = np.square(rebuilt - x).reshape(200, -1).sum(1).mean()
    np.testing.assert_allclose(lost, smallest.sum(), rtol=1e-3)


@pytest.mark.parametrize("kind", [PCAWhitening, ZCAWhitening])
def test_whitened_training_data_has_the_identity_for_a_covariance(kind):
    layer = kind(epsilon=0)
    layer.adapt(images())
    whitened = to_numpy(layer(images())).reshape(200, -1)
    np.testing.assert_allclose(np.cov(whitened.T, bias=True), np.eye(12), atol=1e-3)


def test_pca_without_whitening_decorrelates_and_keeps_variances():
    layer = PCAWhitening(whiten=False)
    layer.adapt(images())
    covariance = np.cov(to_numpy(layer(images())).T, bias=True)
    variances = np.diag(covariance)
    np.testing.assert_allclose(covariance, np.diag(variances), atol=1e-3 * variances.max())
    assert (np.diff(variances) < 0).all()


def test_zca_changes_data_less_than_pca_does():
    data = images()
    centred = (data - data.mean(0)).reshape(200, -1)
    changes = {}
    for layer in (PCAWhitening(epsilon=0), ZCAWhitening(epsilon=0)):
        layer.adapt(data)
        changes[type(layer)] = np.square(to_numpy(layer(data)).reshape(200, -1) - centred).sum()
    assert changes[ZCAWhitening] < changes[PCAWhitening]


class Batches(keras.utils.PyDataset):
    """Labelled batches of the images."""

    def __len__(self):
        return 5

    def __getitem__(self, index):
        return images()[40 * index : 40 * (index + 1)], np.zeros(40)


@pytest.mark.parametrize("kind", LAYERS)
@pytest.mark.parametrize(
    "stream",
    [
        lambda: ops.convert_to_tensor(images()),
        lambda: iter(np.array_split(images(), 3)),
        lambda: [(batch, None) for batch in np.array_split(images(), 4)],
        Batches,
    ],
    ids=["tensor", "iterator", "tuples", "PyDataset"],
)
def test_a_stream_gives_the_statistics_of_the_whole(kind, stream):
    whole, streamed = kind(), kind()
    whole.adapt(images())
    streamed.adapt(stream())
    for a, b in zip(whole.get_weights(), streamed.get_weights(), strict=True):
        np.testing.assert_allclose(b, a, atol=1e-5)


@pytest.mark.tensorflow_only
@pytest.mark.parametrize("kind", LAYERS)
def test_a_tensorflow_dataset_gives_the_statistics_of_the_whole(kind):
    import tensorflow as tf

    whole, streamed = kind(), kind()
    whole.adapt(images())
    streamed.adapt(tf.data.Dataset.from_tensor_slices((images(), np.zeros(200))).batch(64))
    for a, b in zip(whole.get_weights(), streamed.get_weights(), strict=True):
        np.testing.assert_allclose(b, a, atol=1e-5)


@pytest.mark.parametrize("kind", LAYERS)
def test_adapting_again_forgets_what_was_before(kind):
    once, twice = kind(), kind()
    once.adapt(images())
    twice.adapt(images(100, seed=3) + 5)
    twice.adapt(images())
    for a, b in zip(once.get_weights(), twice.get_weights(), strict=True):
        np.testing.assert_array_equal(a, b)


@pytest.mark.parametrize("kind", [Centering, Standardization, ZCAWhitening])
def test_before_it_is_adapted_nothing_changes(kind):
    np.testing.assert_allclose(to_numpy(kind()(images())), images(), rtol=1e-5)


@pytest.mark.parametrize("policy", ["bfloat16", "mixed_bfloat16", "float16", "mixed_float16"])
@pytest.mark.parametrize("kind", LAYERS)
def test_half_precision_rounds_the_result_only(kind, policy):
    """Pixels around 10,000 with a deviation of 1: bfloat16 keeps no digit of the difference."""
    data, x = images() + 10_000, images(20, seed=1) + 10_000
    full, half = kind(), kind(dtype=policy)
    full.adapt(data)
    half.adapt(data)
    outputs = half(x)
    compute_dtype = keras.DTypePolicy(policy).compute_dtype
    assert keras.backend.standardize_dtype(outputs.dtype) == compute_dtype
    rounding = {"bfloat16": 2**-8, "float16": 2**-11}[compute_dtype]
    expected = to_numpy(full(x))
    got = to_numpy(ops.cast(outputs, "float32"))
    np.testing.assert_allclose(got, expected, atol=1.01 * rounding * np.abs(expected).max())
    assert {w.dtype for w in half.weights} == {"float32"}


@pytest.mark.parametrize("kind", LAYERS)
def test_integers_are_taken_as_they_are(kind):
    pixels = np.random.default_rng(0).integers(0, 256, (100, 3, 3, 1), "uint8")
    layer = kind()
    layer.adapt(pixels)
    check_outputs(layer, to_numpy(layer(pixels)), reference(layer, pixels, pixels), atol=1e-3)


@pytest.mark.parametrize("kind", [Centering, Standardization])
def test_channels_take_images_of_any_size(kind):
    layer = kind()
    layer.adapt(images())
    inputs = keras.Input((None, None, 2))
    model = keras.Model(inputs, layer(inputs))
    assert model.output_shape == (None, None, None, 2)
    larger = np.random.default_rng(0).normal(size=(3, 5, 7, 2)).astype("float32")
    expected = reference(layer, images(), larger)
    np.testing.assert_allclose(to_numpy(model(larger)), expected, atol=1e-4)


@pytest.mark.parametrize("kind", LAYERS)
def test_a_saved_model_computes_the_same(kind, tmp_path):
    layer = kind(**CASES[kind])
    layer.adapt(images())
    inputs = keras.Input((3, 2, 2))
    model = keras.Model(inputs, layer(inputs))
    model.save(tmp_path / "model.keras")
    loaded = keras.saving.load_model(tmp_path / "model.keras", safe_mode=True)
    x = images(5, seed=1)
    np.testing.assert_array_equal(loaded.predict(x, verbose=0), model.predict(x, verbose=0))
    assert not loaded.trainable_variables
    config = loaded.layers[-1].get_config()
    assert {name: config[name] for name in CASES[kind]} == CASES[kind]


@pytest.mark.parametrize("kind", LAYERS)
def test_an_assembled_model_adapts_to_what_the_layers_before_give(kind):
    pixels = np.random.default_rng(0).integers(0, 256, (300, 3, 2, 2), "uint8")

    class Split:
        def __len__(self):
            return len(pixels)

        def read(self, indices):
            assert len(indices) <= 256
            return pixels[indices]

    layer = kind(epsilon=1e-6) if "epsilon" in CASES[kind] else kind()
    layers = [keras.layers.Rescaling(1 / 255), layer]
    model = assemble((3, 2, 2), layers, _flat_network, Split())
    scaled = pixels / 255
    expected = reference(layer, scaled, scaled).reshape(300, -1)
    check_outputs(layer, model.predict(pixels, verbose=0), expected, atol=1e-4)


def _flat_network(input_shape):
    inputs = keras.Input(input_shape)
    return keras.Model(inputs, keras.layers.Flatten()(inputs))


@pytest.mark.slow
def test_whitening_of_whole_cifar_images_is_exact_enough():
    """3,072 features whose variances span seven orders of magnitude, in float32."""
    rng = np.random.default_rng(0)
    scales = np.geomspace(10, 1e-2, 3072)
    mixing = np.linalg.qr(rng.normal(size=(3072, 3072)))[0] * scales
    data = (rng.normal(size=(4000, 3072)) @ mixing.T + 100).astype("float32")
    layer = ZCAWhitening(epsilon=0)
    layer.adapt(data.reshape(-1, 32, 32, 3))
    whitened = to_numpy(layer(data.reshape(-1, 32, 32, 3))).reshape(4000, -1).astype("float64")
    np.testing.assert_allclose(np.cov(whitened.T, bias=True), np.eye(3072), atol=0.02)


@pytest.mark.parametrize("kind", LAYERS)
@pytest.mark.parametrize("nothing", [[], np.ones((0, 3, 2, 2)), iter(())])
def test_adapting_to_nothing_is_refused(kind, nothing):
    with pytest.raises(ValueError, match=f"{kind.__name__} must adapt to samples. Received: none"):
        kind().adapt(nothing)


@pytest.mark.parametrize("kind", LAYERS)
@pytest.mark.parametrize(
    ("data", "error", "message"),
    [
        (np.array([[1.0, np.nan]]), ValueError, "must be finite"),
        (3, TypeError, "must be an array or batches of arrays. Received: data=3"),
        (np.ones(5), ValueError, r"\(batch, ..., channels\).*\(None,\)"),
    ],
)
def test_data_that_cannot_be_adapted_to_is_refused(kind, data, error, message):
    with pytest.raises(error, match=message):
        kind().adapt(data)


@pytest.mark.parametrize("kind", LAYERS)
def test_data_of_another_shape_than_the_layer_s_is_refused(kind):
    layer = kind()
    layer.build((None, 3, 2, 2))
    with pytest.raises(ValueError, match=r"built for inputs of shape \(None, 3, 2, 2\)"):
        layer.adapt(np.ones((10, 3, 2, 5)))


def test_a_constant_feature_cannot_be_standardized():
    data = images()
    data[:, 1, 0, 1] = 0.1
    Standardization().adapt(data)
    with pytest.raises(ValueError, match="per='channel'.* 1 of 12 .*number 5 the first"):
        Standardization(per="feature").adapt(data)
    data[..., 1] = 7
    with pytest.raises(ValueError, match="Received: 1 of 2 features are constant, number 1"):
        Standardization().adapt(data)


def test_constant_data_cannot_be_whitened():
    for kind in (PCAWhitening, ZCAWhitening):
        with pytest.raises(ValueError, match=f"{kind.__name__} must adapt to samples that differ"):
            kind().adapt(np.full((10, 4), 0.1))


def test_a_constant_feature_needs_an_epsilon_to_be_whitened():
    data = images()
    data[:, 0, 0, 0] = 5
    with pytest.raises(ValueError, match="`epsilon` of ZCAWhitening must be greater than 0"):
        ZCAWhitening(epsilon=0).adapt(data)
    PCAWhitening(epsilon=0, whiten=False).adapt(data)
    layer = ZCAWhitening()
    layer.adapt(data)
    np.testing.assert_allclose(to_numpy(layer(data))[:, 0, 0, 0], 0, atol=1e-4)


@pytest.mark.parametrize(
    ("make", "error", "message"),
    [
        (lambda: Centering(per="pixel"), ValueError, "`per` must be one of 'channel', 'feature'"),
        (lambda: PCAWhitening(components=0), ValueError, "`components` must be an integer of at l"),
        (lambda: PCAWhitening(whiten=1.5), ValueError, "`whiten` must be one of False, True"),
        (lambda: ZCAWhitening(epsilon=-1), ValueError, "`epsilon` must be a number of at least 0"),
        (lambda: PCAWhitening(7).build((None, 6)), ValueError, "at most 6, the number of features"),
        (
            lambda: ZCAWhitening().build((None, None, 3)),
            ValueError,
            r"every size known. Received: inputs.shape=\(None, None, 3\)",
        ),
        (
            lambda: Centering().build((None, 3, None)),
            ValueError,
            "the number of channels known",
        ),
    ],
)
def test_arguments_out_of_range(make, error, message):
    with pytest.raises(error, match=message):
        make()


@pytest.mark.parametrize("method", ["set_statistics", "transform", "inverse_transform"])
def test_a_subclass_that_lacks_a_method_is_told_so(method):
    with pytest.raises(NotImplementedError, match=f"AdaptableLayer must implement `{method}`"):
        getattr(AdaptableLayer(), method)(None)
