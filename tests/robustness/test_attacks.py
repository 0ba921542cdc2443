"""Attacks against NumPy and the Adversarial Robustness Toolbox, and what they leave alone."""

import keras
import numpy as np
import pytest
from keras import layers, ops

from kerasrecipes.robustness import fgsm, pgd

BACKEND = keras.backend.backend()
RNG = np.random.default_rng(0)
SHAPE = (3, 2, 2)
KERNEL, BIAS = RNG.normal(0, 0.005, (12, 4)), RNG.normal(size=4)
IMAGES = RNG.uniform(0, 255, (10, *SHAPE)).astype("float32")
LABELS = RNG.integers(0, 4, 10)


def linear(activation=None, columns=slice(None)):
    """A linear softmax classifier, whose loss has a gradient in closed form."""
    kernel, bias = KERNEL[:, columns], BIAS[columns]
    model = keras.Sequential(
        [keras.Input(SHAPE), layers.Flatten(), layers.Dense(len(bias), activation=activation)]
    )
    model.set_weights([kernel, bias])
    return model


def by_numpy(epsilon, norm, steps, step_size, sign=1.0):
    """PGD of `linear` in float64, from the images themselves."""
    center = IMAGES.reshape(10, 12).astype("float64")
    x = center.copy()
    for _ in range(steps):
        logits = x @ KERNEL + BIAS
        p = np.exp(logits - logits.max(1, keepdims=True))
        p /= p.sum(1, keepdims=True)
        gradient = sign * (p - np.eye(4)[LABELS]) @ KERNEL.T
        if norm == 2:
            gradient /= np.linalg.norm(gradient, axis=1, keepdims=True)
        else:
            gradient = np.sign(gradient)
        change = np.clip(x + step_size * gradient, 0, 255) - center
        if norm == 2:
            length = np.linalg.norm(change, axis=1, keepdims=True)
            change *= np.minimum(1, epsilon / length)
        else:
            change = np.clip(change, -epsilon, epsilon)
        x = center + change
    return x.reshape(IMAGES.shape)


@pytest.mark.parametrize("targeted", [False, True])
@pytest.mark.parametrize(("norm", "epsilon"), [("inf", 8.0), (2, 60.0)])
def test_steps_equal_the_reference(norm, epsilon, targeted):
    options = {"norm": norm, "targeted": targeted, "batch_size": 4}
    sign = -1.0 if targeted else 1.0
    found = pgd(linear(), IMAGES, LABELS, epsilon, steps=5, random_start=False, **options)
    expected = by_numpy(epsilon, norm, 5, epsilon / 2, sign)
    np.testing.assert_allclose(found, expected, atol=2e-3)
    found = fgsm(linear(), IMAGES, LABELS, epsilon, **options)
    np.testing.assert_allclose(found, by_numpy(epsilon, norm, 1, epsilon, sign), atol=2e-3)


@pytest.mark.skipif(BACKEND != "tensorflow", reason="the toolbox takes TensorFlow's models")
@pytest.mark.parametrize("targeted", [False, True])
@pytest.mark.parametrize(("norm", "epsilon"), [("inf", 8.0), (2, 60.0)])
def test_it_makes_the_examples_of_the_adversarial_robustness_toolbox(norm, epsilon, targeted):
    attacks = pytest.importorskip("art.attacks.evasion")
    from art.estimators.classification import TensorFlowV2Classifier

    keras.utils.set_random_seed(0)
    model = keras.Sequential(
        [
            keras.Input((6, 6, 3)),
            layers.Rescaling(1 / 25),
            layers.Conv2D(8, 3, activation="tanh"),
            layers.Flatten(),
            layers.Dense(5),
        ]
    )
    images = RNG.uniform(0, 255, (10, 6, 6, 3)).astype("float32")
    labels = RNG.integers(0, 5, 10)
    peer = TensorFlowV2Classifier(
        model,
        nb_classes=5,
        input_shape=(6, 6, 3),
        loss_object=keras.losses.SparseCategoricalCrossentropy(from_logits=True),
        clip_values=(0, 255),
    )
    shared = {"norm": np.inf if norm == "inf" else 2, "eps": epsilon, "targeted": targeted}
    one = attacks.FastGradientMethod(peer, **shared).generate(images, labels)
    many = attacks.ProjectedGradientDescentNumpy(
        peer, eps_step=epsilon / 4, max_iter=7, num_random_init=0, verbose=False, **shared
    ).generate(images, labels)
    ours = {"norm": norm, "targeted": targeted}
    found = fgsm(model, images, labels, epsilon, **ours)
    np.testing.assert_allclose(found, one, atol=0.02)
    found = pgd(
        model,
        images,
        labels,
        epsilon,
        steps=7,
        step_size=epsilon / 4,
        random_start=False,
        **ours,
    )
    np.testing.assert_allclose(found, many, atol=0.02)


@pytest.mark.parametrize("norm", ["inf", 2])
def test_no_image_is_out_of_range_or_too_far_not_by_a_rounding_error_either(norm):
    # Many fractions of a pixel that float32 rounds, and images at both ends of the range.
    images = np.concatenate([IMAGES, np.zeros_like(IMAGES), np.full_like(IMAGES, 255)])
    labels = np.tile(LABELS, 3)
    for epsilon in (0.0, 0.1, 8 / 3, 100.3):
        found = pgd(linear(), images, labels, epsilon, norm=norm, steps=3)
        assert found.dtype == "float32"
        assert found.min() >= 0
        assert found.max() <= 255
        change = (found.astype("float64") - images).reshape(30, -1)
        assert np.linalg.norm(change, np.inf if norm == "inf" else 2, axis=1).max() <= epsilon


@pytest.mark.parametrize("norm", ["inf", 2])
def test_starts_fill_the_ball_evenly(norm):
    """By Kolmogorov and Smirnov, with a false alarm in 10,000 runs of either norm."""
    from scipy.stats import kstest

    images = np.full((1000, *SHAPE), 127.0)
    starts = pgd(linear(), images, np.zeros(1000, int), 8, norm=norm, steps=0, seed=3)
    change = (starts - images).reshape(1000, 12) / 8
    if norm == "inf":
        # Every coordinate is uniform.
        assert kstest(change.ravel(), "uniform", (-1, 2)).pvalue > 1e-4
    else:
        # The volume within a radius grows by its twelfth power.
        assert kstest(np.linalg.norm(change, axis=1) ** 12, "uniform").pvalue > 1e-4
        assert np.abs(change.mean(0)).max() < 5 * 0.28 / np.sqrt(1000)
    again = pgd(linear(), images, np.zeros(1000, int), 8, norm=norm, steps=0, seed=3)
    np.testing.assert_array_equal(starts, again)
    other = pgd(linear(), images, np.zeros(1000, int), 8, norm=norm, steps=0, seed=4)
    assert np.abs(starts - other).mean() > 1


def test_probabilities_and_a_single_output_are_attacked_as_their_logits_are():
    expected = pgd(linear(), IMAGES, LABELS, 8, steps=3)
    for activation in ("softmax", ops.softmax):  # The second one cannot be taken off.
        found = pgd(linear(activation), IMAGES, LABELS, 8, steps=3)
        np.testing.assert_allclose(found, expected, atol=1e-2)
    two = linear(columns=slice(2))
    one = keras.Sequential([keras.Input(SHAPE), layers.Flatten(), layers.Dense(1)])
    one.set_weights([KERNEL[:, 1:2] - KERNEL[:, :1], BIAS[1:2] - BIAS[:1]])
    labels = LABELS % 2
    np.testing.assert_allclose(
        pgd(one, IMAGES, labels, 8, steps=3), pgd(two, IMAGES, labels, 8, steps=3), atol=1e-2
    )


def test_restarts_keep_the_example_that_succeeds_or_comes_nearest():
    model = linear()

    def score(images):
        logits = model.predict(images, verbose=0)
        loss = -np.take_along_axis(
            ops.convert_to_numpy(ops.log_softmax(logits)), LABELS[:, None], 1
        )
        return logits.argmax(-1) != LABELS, loss[:, 0]

    # Without steps, each restart is a new random point.
    fooled, losses = score(pgd(model, IMAGES, LABELS, 60, steps=0, restarts=1))
    more, higher = score(pgd(model, IMAGES, LABELS, 60, steps=0, restarts=20))
    assert (more >= fooled).all()
    assert (higher[~more] >= losses[~more]).all()
    assert higher[~more].mean() > losses[~more].mean() + 0.05


class Noisy(keras.layers.Layer):
    """Noise at inference, from a seed generator."""

    def __init__(self):
        super().__init__()
        self.seed_generator = keras.random.SeedGenerator(1)

    def call(self, inputs):
        return inputs + keras.random.normal(ops.shape(inputs), seed=self.seed_generator)


def test_statistics_states_and_the_last_activation_stay_as_they_are():
    model = keras.Sequential(
        [
            keras.Input(SHAPE),
            Noisy(),
            layers.BatchNormalization(),
            layers.Dropout(0.5, seed=2),
            layers.Flatten(),
            layers.Dense(4, activation="softmax"),
        ]
    )
    before = [ops.convert_to_numpy(v) for v in model.variables]
    pgd(model, IMAGES, LABELS, 8, steps=2, restarts=2)
    for variable, value in zip(model.variables, before, strict=True):
        np.testing.assert_array_equal(ops.convert_to_numpy(variable), value, variable.path)
    assert model.layers[-1].activation is keras.activations.softmax


class Rounded(keras.layers.Layer):
    def call(self, inputs):
        return ops.cast(ops.cast(inputs, "int32"), "float32")


@pytest.mark.parametrize("number", [True, False])
def test_models_without_gradients_to_their_input_are_refused(number):
    parts = [Rounded()] if number else [layers.Lambda(ops.sign)]
    model = keras.Sequential([keras.Input(SHAPE), *parts, layers.Flatten(), layers.Dense(4)])
    with pytest.raises(ValueError, match="must have a gradient by its images"):
        pgd(model, IMAGES, LABELS, 8)


def test_a_sure_model_is_attacked_although_its_probabilities_are_rounded_to_one():
    model = linear(columns=slice(2))
    for factor in (1, 10_000):
        model.set_weights([factor * KERNEL[:, :2], factor * BIAS[:2]])
        found = fgsm(model, IMAGES, LABELS % 2, 8)
        if factor == 1:
            expected = found
    np.testing.assert_array_equal(found, expected)


@pytest.mark.backend_neutral
@pytest.mark.parametrize(
    ("options", "error", "message"),
    [
        ({"epsilon": 300}, ValueError, "the width of `value_range`"),
        ({"epsilon": -1}, ValueError, "`epsilon` must be"),
        ({"norm": 1}, ValueError, "`norm` must be one of 'inf', 2"),
        ({"value_range": (0, 1), "epsilon": 0.1}, ValueError, "must be within `value_range`"),
        ({"value_range": (1, 0)}, ValueError, "with the lowest below the highest"),
        ({"steps": -1}, ValueError, "`steps` must be"),
        ({"restarts": 2, "random_start": False}, ValueError, "all would be the same"),
        ({"labels": np.full(10, 4)}, ValueError, r"must be in \[0, 4\)"),
        ({"labels": np.eye(4)[LABELS]}, ValueError, "must be 10 integers"),
        ({"images": IMAGES[0]}, ValueError, "must have shape"),
        ({"images": IMAGES[:0]}, ValueError, "must hold an image"),
        ({"targeted": 1}, TypeError, "`targeted` must be True or False"),
    ],
)
def test_bad_arguments_are_refused(options, error, message):
    given = {"images": IMAGES, "labels": LABELS, "epsilon": 8.0, **options}
    with pytest.raises(error, match=message):
        pgd(linear(), **given)
