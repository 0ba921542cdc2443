from concurrent.futures import ThreadPoolExecutor

import keras
import numpy as np
import pytest
from keras import ops
from scipy import stats

from kerasrecipes.base.private.random_numbers import gamma
from kerasrecipes.layers import MixedSamples
from tests.layers.augmentation.batches import augment, random_images, to_numpy

# A correct layer exceeds a bound for one seed in a million. The seeds are fixed.
FALSE_ALARM_RATE = 1e-6
ONE_HOT = np.eye(5, dtype="float32")


# One batch size for nearly all tests, since JAX compiles each operation for each size.
N = 20_001


def draw(batch=N, shape=(20, 30, 1), seed=0, **options):
    layer = MixedSamples(**options)
    images = np.zeros((batch, *shape), "uint8")
    drawn = layer.get_random_transformation(images, seed=keras.random.SeedGenerator(seed))
    return {name: to_numpy(value) for name, value in drawn.items()}


def within(successes, n, probability):
    """Returns whether a count is plausible for a probability, except for one seed in a million."""
    return stats.binomtest(int(successes), n, probability).pvalue > FALSE_ALARM_RATE


@pytest.mark.parametrize("dtype", ["uint8", "float32", "float16"])
def test_mixup_adds_images_and_labels_by_the_same_weight(dtype):
    images, layer = random_images((6, 4, 5, 3), dtype), MixedSamples(1.0, None, classes=5)
    labels = np.array([0, 1, 2, 3, 4, 0])
    drawn = layer.get_random_transformation(images, seed=keras.random.SeedGenerator(1))
    weights, partners = to_numpy(drawn["mix_weights"]), to_numpy(drawn["partners"])
    weight = weights.astype("float64")[:, None, None, None]
    expected = weight * images + (1 - weight) * images[partners]
    received = to_numpy(layer.transform_images(images, drawn))
    assert received.dtype == dtype
    tolerance = {"uint8": 0.501, "float32": 1e-4, "float16": 0.07}[dtype]
    np.testing.assert_allclose(received, expected, atol=tolerance)
    weight = weights[:, None]
    expected = weight * ONE_HOT[labels] + (1 - weight) * ONE_HOT[labels[partners]]
    for given in (labels, labels[:, None], ONE_HOT[labels], ONE_HOT[labels].astype("int32")):
        mixed = to_numpy(layer.transform_labels(given, drawn))
        np.testing.assert_allclose(mixed, expected, atol=1e-6)
        np.testing.assert_allclose(mixed.sum(-1), 1, atol=1e-6)


@pytest.mark.parametrize("dtype", ["uint8", "float32"])
@pytest.mark.parametrize("shape", [(20, 30, 3), (5, 3, 1)])
def test_cutmix_weighs_labels_by_the_area_as_it_was_cut(dtype, shape):
    # Each image has a single value of its own, so that pasted pixels can be counted.
    batch = 40
    images = np.ones((batch, *shape), dtype) * np.arange(batch, dtype=dtype)[:, None, None, None]
    labels = np.eye(batch, dtype="float32")
    cut, mixed = augment(MixedSamples(None, 1.0), images, labels, seed=3)
    for index in range(batch):
        values, counts = np.unique(cut[index, ..., 0], return_counts=True)
        weights = np.zeros(batch)
        weights[values.astype(int)] = counts / counts.sum()
        np.testing.assert_allclose(mixed[index], weights, atol=1e-6)
        pasted = np.argwhere(cut[index, ..., 0] != index)
        if len(pasted):
            sides = pasted.max(0) - pasted.min(0) + 1
            assert sides.prod() == len(pasted)  # A rectangle.
        assert (cut[index] == cut[index, ..., :1]).all()
    assert (mixed.max(-1) < 1).mean() > 0.5


def test_rectangles_follow_the_paper():
    # Before rectangles are cut off at the border, their sides are sqrt(1 - lambda) times the
    # image's. Nothing is cut off if the centre is far from the border.
    boxes = draw(shape=(100, 200, 1), mixup_alpha=None)["boxes"]
    heights, widths = boxes[:, 1] - boxes[:, 0], boxes[:, 3] - boxes[:, 2]
    inside = (boxes[:, [0, 2]] > 0).all(1) & (boxes[:, 1] < 100) & (boxes[:, 3] < 200)
    assert inside.sum() > 1000
    np.testing.assert_allclose(widths[inside], 2 * heights[inside], atol=4)
    # All centres are equally likely: half of the rectangles begin in the upper half or cross it.
    centres = (boxes[:, 0] + boxes[:, 1])[inside & (heights < 20)] / 2
    observed = np.histogram(centres, bins=8, range=(10, 90))[0]
    assert stats.chisquare(observed).pvalue > FALSE_ALARM_RATE


def test_rectangles_are_even_around_their_centre_and_cut_off_at_the_border(monkeypatch):
    quarter = lambda self, alpha, batch, seed: ops.full((batch,), 0.75)  # noqa: E731
    monkeypatch.setattr(MixedSamples, "_draw_weights", quarter)
    drawn = draw(shape=(22, 40, 1), mixup_alpha=None)
    # Half of 22 is 11, of which half is 5; half of 40 is 20, of which half is 10.
    for edges, length, half in ((slice(0, 2), 22, 5), (slice(2, 4), 40, 10)):
        expected = [(max(c - half, 0), min(c + half, length)) for c in range(length)]
        found, counts = np.unique(drawn["boxes"][:, edges], axis=0, return_counts=True)
        assert [tuple(edge) for edge in found.tolist()] == sorted(expected)
        assert stats.chisquare(counts).pvalue > FALSE_ALARM_RATE
    top, bottom, left, right = drawn["boxes"].T
    uncut = 1 - (bottom - top) * (right - left) / (22 * 40)
    np.testing.assert_allclose(drawn["mix_weights"], uncut, atol=1e-6)


@pytest.mark.parametrize("alpha", [0.01, 0.2, 1.0, 8.0])
def test_mix_weights_are_beta_distributed(alpha):
    weights = draw(mixup_alpha=alpha, cutmix_alpha=None)["mix_weights"]
    assert np.isfinite(weights).all()
    assert ((weights >= 0) & (weights <= 1)).all()
    # Beyond float32's resolution next to 1, the distributions cannot agree.
    edges = np.array([0, 0.001, 0.1, 0.5, 0.9, 0.999, 1])
    expected = N * np.diff(stats.beta.cdf(edges, alpha, alpha))
    observed = np.histogram(weights, edges)[0]
    kept = expected > 5
    observed, expected = (
        observed[kept],
        expected[kept] * observed[kept].sum() / expected[kept].sum(),
    )
    assert stats.chisquare(observed, expected).pvalue > FALSE_ALARM_RATE


@pytest.mark.parametrize("batch", [1, 2, N])
def test_partners_are_others(batch):
    partners = draw(batch=batch)["partners"]
    assert ((partners >= 0) & (partners < batch)).all()
    assert batch == 1 or (partners != np.arange(batch)).all()


def test_every_other_sample_is_as_likely_a_partner():
    ahead = (draw()["partners"] - np.arange(N)) % N
    observed = np.histogram(ahead, bins=20, range=(0.5, N - 0.5))[0]
    assert observed.sum() == N
    assert stats.chisquare(observed).pvalue > FALSE_ALARM_RATE


def test_a_single_sample_stays_as_it_is():
    images = random_images((1, 6, 6, 3))
    mixed, labels = augment(MixedSamples(classes=5), images, np.array([3]))
    np.testing.assert_array_equal(mixed, images)
    np.testing.assert_allclose(labels, ONE_HOT[[3]], atol=1e-6)


def test_probabilities():
    drawn = draw(probability=0.7, cutmix_probability=0.25)
    mixed = drawn["mix_weights"] < 1
    # Some rectangles are rounded to nothing. Only samples with larger ones are counted.
    assert within(drawn["is_cut"].sum(), N, 0.7 * 0.25)
    unmixed_by_chance = (~mixed & drawn["is_cut"]).sum()
    assert within(mixed.sum() + unmixed_by_chance, N, 0.7)
    drawn = draw(cutmix_probability=None)
    np.testing.assert_array_equal(drawn["is_cut"], np.arange(N) % 2 == 1)
    assert draw(mixup_alpha=None)["is_cut"].all()
    assert not draw(cutmix_alpha=None)["is_cut"].any()
    assert (draw(probability=0.0)["mix_weights"] == 1).all()


def test_zero_probability_is_exact():
    images = random_images((4, 6, 6, 3), "float32") / 7
    mixed, labels = augment(MixedSamples(probability=0.0), images, ONE_HOT[:4])
    np.testing.assert_array_equal(mixed, images)
    np.testing.assert_array_equal(labels, ONE_HOT[:4])


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"mixup_alpha": 0.0}, "`mixup_alpha` must be a number greater than 0"),
        ({"cutmix_alpha": -1.0}, "`cutmix_alpha` must be a number greater than 0"),
        ({"mixup_alpha": None, "cutmix_alpha": None}, "`mixup_alpha` or `cutmix_alpha` must be"),
        ({"cutmix_probability": 1.5}, r"`cutmix_probability` must be a number in \[0, 1\]"),
        ({"probability": -0.1}, r"`probability` must be a number in \[0, 1\]"),
        ({"classes": 1}, "`classes` must be an integer of at least 2"),
    ],
)
def test_arguments_out_of_range(options, message):
    with pytest.raises(ValueError, match=message):
        MixedSamples(**options)


def test_missing_labels_are_told():
    images = np.zeros((2, 4, 4, 1), "uint8")
    with pytest.raises(ValueError, match="changes labels too: call it on a dictionary"):
        MixedSamples()(images)
    with pytest.raises(ValueError, match="Received: images alone"):
        MixedSamples()({"images": images})
    with pytest.raises(ValueError, match="`labels` must be one-hot, .*or `classes` be given"):
        MixedSamples()({"images": images, "labels": np.array([0, 1])})


@pytest.mark.tensorflow_only
def test_in_a_plain_tf_data_pipeline():
    import tensorflow as tf

    images, labels = random_images((10, 6, 6, 3)), np.arange(10) % 5
    layer = MixedSamples(classes=5, seed=0)
    dataset = tf.data.Dataset.from_tensor_slices({"images": images, "labels": labels}).batch(4)
    batches = list(dataset.map(layer).as_numpy_iterator())
    assert [batch["labels"].shape for batch in batches] == [(4, 5), (4, 5), (2, 5)]
    assert all(batch["images"].dtype == "uint8" for batch in batches)
    np.testing.assert_allclose(sum(batch["labels"].sum() for batch in batches), 10, atol=1e-5)
    assert any(((batch["labels"] > 0) & (batch["labels"] < 1)).any() for batch in batches)


def test_labels_of_half_precision_stay_so():
    labels = ops.cast(ONE_HOT[:4], "float16")
    _, mixed = augment(MixedSamples(), random_images((4, 4, 4, 1)), labels)
    assert mixed.dtype == "float16"


def test_gamma_draws_the_numbers_of_keras():
    for alpha in (1.2, 2.0):
        expected = keras.random.gamma((1000,), alpha, seed=keras.random.SeedGenerator(4))
        received = gamma((1000,), alpha, keras.random.SeedGenerator(4))
        assert keras.backend.standardize_dtype(received.dtype) == "float32"
        np.testing.assert_array_equal(to_numpy(received), to_numpy(expected))


@pytest.mark.skipif(keras.backend.backend() != "torch", reason="JAX and TensorFlow have none")
def test_pytorch_s_global_generator_is_left_alone(monkeypatch):
    """Whoever sets it, if only for a moment, changes what other threads draw from it."""
    import torch

    expected = draw(64, (4, 4, 1), seed=5)
    monkeypatch.setattr(torch, "manual_seed", pytest.fail)
    monkeypatch.setattr(torch.random, "set_rng_state", pytest.fail)
    before = torch.get_rng_state()
    for name, value in draw(64, (4, 4, 1), seed=5).items():
        np.testing.assert_array_equal(value, expected[name])
    assert torch.equal(torch.get_rng_state(), before)


def test_threads_draw_the_same_numbers_as_one_thread():
    expected = [draw(64, (4, 4, 1), seed=seed) for seed in range(40)]
    with ThreadPoolExecutor(4) as pool:
        received = list(pool.map(lambda seed: draw(64, (4, 4, 1), seed=seed), range(40)))
    for one, other in zip(expected, received, strict=True):
        for name, value in one.items():
            np.testing.assert_array_equal(other[name], value)
