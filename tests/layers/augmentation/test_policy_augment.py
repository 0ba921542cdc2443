import keras
import numpy as np
import pytest
from scipy import stats

from kerasrecipes.layers import PolicyAugment
from kerasrecipes.layers.augmentation._policy.policies import POLICIES
from tests.layers.augmentation.batches import random_images, to_numpy

# A correct layer exceeds a bound for one seed in a million. The seeds are fixed.
FALSE_ALARM_RATE = 1e-6


def test_trivialaugment_draws_operations_magnitudes_and_signs_uniformly():
    policy = POLICIES["trivialaugment"]
    layer = PolicyAugment("trivialaugment", seed=0)
    drawn = layer.get_random_transformation(np.zeros((40_000, 1, 1, 3), "uint8"))
    operation, magnitude = (to_numpy(drawn[k])[:, 0] for k in ("operation", "magnitude"))
    counts = np.bincount(operation, minlength=14)
    assert stats.chisquare(counts).pvalue > FALSE_ALARM_RATE
    pairs = np.bincount(operation[::2] * 14 + operation[1::2], minlength=196)
    assert stats.chisquare(pairs).pvalue > FALSE_ALARM_RATE
    for index, one in enumerate(policy.operations):
        found = magnitude[operation == index]
        ways = (one.strongest - one.weakest) * np.arange(31) / 30
        # The authors' code truncates by int(), in exact arithmetic for whole numbers.
        levels = one.weakest + (np.trunc(np.round(ways, 6)) if one.whole else ways)
        values, numbers = np.unique(levels, return_counts=True)
        nearest = np.abs(np.abs(found)[:, None] - values).argmin(1)
        np.testing.assert_allclose(np.abs(found), values[nearest], atol=1e-4)
        fractions = numbers / 31
        if len(values) > 1:
            seen = np.bincount(nearest, minlength=len(values))
            assert stats.chisquare(seen, fractions * len(found)).pvalue > FALSE_ALARM_RATE
        negative = (found < 0).sum()
        if one.signed:
            trials = int((found != 0).sum())
            assert stats.binomtest(int(negative), trials, 0.5).pvalue > FALSE_ALARM_RATE
        else:
            assert negative == 0


def test_randaugment_draws_two_operations_at_magnitude_nine_by_default():
    images = np.zeros((64, 1, 1, 3), "uint8")
    by_default, written = (
        PolicyAugment("randaugment", **options).get_random_transformation(
            images, seed=keras.random.SeedGenerator(1)
        )
        for options in ({}, {"operations": 2, "magnitude": 9.0})
    )
    for name, values in written.items():
        np.testing.assert_array_equal(to_numpy(by_default[name]), to_numpy(values))


def test_randaugment_draws_several_operations_at_one_magnitude():
    layer = PolicyAugment("randaugment", operations=3, magnitude=5.0, seed=0)
    drawn = layer.get_random_transformation(np.zeros((20_000, 1, 1, 3), "uint8"))
    operation, magnitude = (to_numpy(drawn[k]) for k in ("operation", "magnitude"))
    assert operation.shape == (20_000, 3)
    triples = np.bincount(operation @ [196, 14, 1], minlength=14**3)
    assert stats.chisquare(triples).pvalue > FALSE_ALARM_RATE
    for index, one in enumerate(POLICIES["randaugment"].operations):
        middle = (one.weakest + one.strongest) / 2
        np.testing.assert_allclose(np.abs(magnitude[operation == index]), middle, atol=1e-5)


@pytest.mark.tensorflow_only
def test_compiled_by_xla_it_gives_the_same():
    import tensorflow as tf

    images = tf.constant(random_images((28, 9, 8, 3)))
    layer = PolicyAugment("randaugment", fill_value=9)
    operation = np.arange(28).reshape(28, 1) % 14
    drawn = {
        "operation": tf.constant(np.concatenate([operation, operation[::-1]], 1), "int32"),
        "magnitude": tf.constant(np.full((28, 2), 1.5, "float32")),
    }
    plain = layer.transform_images(images, drawn)
    compiled = tf.function(lambda x: layer.transform_images(x, drawn), jit_compile=True)(images)
    assert (np.abs(plain.numpy().astype(int) - compiled.numpy()) <= 1).mean() > 0.99


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"policy": "trivial"}, "Did you mean 'trivialaugment'"),
        (
            {"operations": 2},
            "`operations` and `magnitude` must be None with policy='trivialaugment'",
        ),
        ({"magnitude": 5.0}, "must be None with policy='trivialaugment'"),
        (
            {"policy": "randaugment", "operations": 0},
            "`operations` must be an integer of at least 1",
        ),
        ({"policy": "randaugment", "magnitude": 11}, r"`magnitude` must be a number in \[0, 10\]"),
        ({"fill_value": 256}, "`fill_value` must be a number of at most 255"),
        ({"interpolation": "cubic"}, "`interpolation` must be one of"),
    ],
)
def test_arguments_out_of_range(options, message):
    with pytest.raises(ValueError, match=message):
        PolicyAugment(**options)


def test_a_model_with_a_symbolic_input():
    outputs = PolicyAugment()(keras.Input((8, 9, 3), dtype="uint8"))
    assert (outputs.shape, outputs.dtype) == ((None, 8, 9, 3), "uint8")
