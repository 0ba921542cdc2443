"""Adversarial training against NumPy, within `fit`, and stopped and resumed."""

import keras
import numpy as np
import pytest
from keras import layers, ops

from kerasrecipes import Recipe, train, use
from kerasrecipes.steps import AdversarialTraining, TrainingStep
from tests.optimizers.problems import BACKEND

RNG = np.random.default_rng(0)
X, Y = RNG.uniform(0, 255, (8, 3)), RNG.normal(size=(8, 2))
KERNEL, BIAS = RNG.normal(0, 0.01, (3, 2)), RNG.normal(size=2)
CASES = {
    "default": {"random_start": False},
    "norm": {"random_start": False, "norm": 2, "epsilon": 20.0},
    "fast": {"random_start": False, "steps": 1},
    "step_size": {"random_start": False, "steps": 3, "step_size": 1.5},
    "zero": {"epsilon": 0.0},
}


def linear(optimizer, **options):
    model = keras.Sequential([keras.Input((3,)), layers.Dense(2, name="head")])
    model.set_weights([KERNEL, BIAS])
    model.compile(optimizer, "mse", **options)
    return model


def fitted(model, step, batches=1, x=X):
    with step.on(model):
        x, y = np.tile(x, (batches, 1)), np.tile(Y, (batches, 1))
        return model.fit(x, y, 8, shuffle=False, verbose=0).history


def by_numpy(updates, rate, epsilon=8.0, norm="inf", steps=7, step_size=None, random_start=False):
    kernel, bias = KERNEL, BIAS
    if step_size is None:
        step_size = 1.25 * epsilon if steps == 1 else 2.5 * epsilon / steps
    for _ in range(updates):
        x = X
        for _ in range(steps):
            gradient = (x @ kernel + bias - Y) @ kernel.T
            if norm == 2:
                gradient /= np.linalg.norm(gradient, axis=1, keepdims=True)
            else:
                gradient = np.sign(gradient)
            change = np.clip(x + step_size * gradient, 0, 255) - X
            if norm == 2:
                length = np.linalg.norm(change, axis=1, keepdims=True)
                change *= np.minimum(1, epsilon / np.maximum(length, 1e-9))
            else:
                change = np.clip(change, -epsilon, epsilon)
            x = X + change
        error = 2 * (x @ kernel + bias - Y) / Y.size
        kernel, bias = kernel - rate * x.T @ error, bias - rate * error.sum(axis=0)
    return kernel, bias


@pytest.mark.parametrize("name", CASES)
def test_steps_equal_the_reference(name):
    model = linear(keras.optimizers.SGD(1e-5))
    fitted(model, AdversarialTraining(**CASES[name]), batches=3)
    for received, weight in zip(model.get_weights(), by_numpy(3, 1e-5, **CASES[name]), strict=True):
        np.testing.assert_allclose(received, weight, rtol=2e-4, atol=1e-6)


def noisy_network():
    keras.utils.set_random_seed(0)
    return keras.Sequential(
        [
            keras.Input((3,)),
            layers.Rescaling(1 / 255),
            layers.Dense(16, name="first"),
            layers.BatchNormalization(name="norm"),
            layers.Dropout(0.5, seed=1, name="drop"),
            layers.Dense(2, name="head"),
        ]
    )


def test_statistics_and_seeds_move_once_and_epsilon_zero_is_plain_training():
    ends = []
    for epsilon in (None, 0.0, 50.0):
        model = noisy_network()
        model.compile(keras.optimizers.SGD(0.1), "mse")
        if epsilon is None:
            model.fit(X, Y, 8, shuffle=False, verbose=0)
        else:
            fitted(model, AdversarialTraining(epsilon, seed=1))
        paths = [v.path.partition("/")[2] for v in model.variables]
        ends.append(dict(zip(paths, map(ops.convert_to_numpy, model.variables), strict=True)))
    plain, zero, attacked = ends
    for path, value in plain.items():
        np.testing.assert_allclose(zero[path], value, rtol=1e-4, atol=1e-6, err_msg=path)
        if "seed" in path:
            np.testing.assert_array_equal(attacked[path], value, err_msg=path)
    # Of one batch, the moving variance has moved by a hundredth of the way, once.
    assert np.abs(attacked["norm/moving_mean"] - plain["norm/moving_mean"]).max() < 0.02
    assert np.abs(attacked["first/kernel"] - plain["first/kernel"]).max() > 1e-4


def test_the_random_points_follow_from_the_number_of_updates():
    """So they are other ones in each step, and those of a run that resumes are the same."""
    step = AdversarialTraining(8.0, steps=1, step_size=0.0, seed=3)
    whole = linear(keras.optimizers.SGD(1e-5))
    fitted(whole, step, batches=2)
    first = linear(keras.optimizers.SGD(1e-5))
    fitted(first, step)
    resumed = linear(keras.optimizers.SGD(1e-5))
    resumed.set_weights(first.get_weights())
    resumed.optimizer.build(resumed.trainable_variables)
    resumed.optimizer.iterations.assign(1)
    fitted(resumed, AdversarialTraining(8.0, steps=1, step_size=0.0, seed=3))
    for a, b in zip(whole.get_weights(), resumed.get_weights(), strict=True):
        np.testing.assert_array_equal(a, b)
    repeated = linear(keras.optimizers.SGD(1e-5))
    repeated.set_weights(first.get_weights())
    fitted(repeated, step)
    assert np.abs(whole.get_weights()[0] - repeated.get_weights()[0]).max() > 1e-7


def test_a_run_that_was_interrupted_ends_with_the_same_weights(tmp_path, monkeypatch):
    recipe = Recipe(
        data=use("Digits", classes=[3, 8]),
        model=use("MLP", units=[8], dropout_rate=0.2),
        step=use("AdversarialTraining", steps=1),
        epochs=2,
        batch_size=64,
    )

    class Interrupt(keras.callbacks.Callback):
        def on_epoch_begin(self, epoch, logs=None):
            if epoch == 1:
                raise KeyboardInterrupt

    whole = train(recipe, directory=tmp_path / "whole", verbose=0)
    with monkeypatch.context() as patched:
        patched.setattr(
            "kerasrecipes.training.fit.TensorBoardScalars", lambda directory: Interrupt()
        )
        with pytest.raises(KeyboardInterrupt):
            train(recipe, directory=tmp_path / "parts", verbose=0)
    resumed = train(recipe, directory=tmp_path / "parts", verbose=0)
    assert resumed.history[-1]["loss"] == whole.history[-1]["loss"]
    for run in (whole, resumed):
        assert type(run.load_model()).train_step is keras.Model.train_step
    pairs = zip(whole.load_model().get_weights(), resumed.load_model().get_weights(), strict=True)
    for left, right in pairs:
        np.testing.assert_array_equal(left, right)


def test_the_log_is_of_adversarial_examples_and_the_file_that_of_plain_keras(tmp_path):
    model = linear(keras.optimizers.SGD(0.0))
    plain = model.evaluate(X, Y, verbose=0)
    step = AdversarialTraining(8.0)
    history = fitted(model, step)
    assert history["loss"][0] > 1.02 * plain
    with step.on(model):
        model.save(tmp_path / "meanwhile.keras")
    loaded = keras.models.load_model(tmp_path / "meanwhile.keras")
    assert loaded.train_step.__func__ is keras.Model.train_step


def test_integer_images_are_attacked_too():
    model = linear(keras.optimizers.SGD(1e-5))
    fitted(model, AdversarialTraining(8.0, random_start=False), x=np.round(X).astype("uint8"))
    other = linear(keras.optimizers.SGD(1e-5))
    fitted(other, AdversarialTraining(8.0, random_start=False), x=np.round(X))
    for a, b in zip(model.get_weights(), other.get_weights(), strict=True):
        np.testing.assert_allclose(a, b, rtol=1e-6)


def test_models_that_it_does_not_fit_are_refused():
    two = [keras.Input((3,)), keras.Input((3,))]
    model = keras.Model(two, layers.Dense(2)(layers.Add()(two)))
    model.compile("sgd", "mse")
    with pytest.raises(ValueError, match="takes one tensor"), AdversarialTraining().on(model):
        model.fit([X, X], Y, verbose=0)
    if BACKEND == "jax":
        return  # There a gradient through a cast to integers is 0.

    class Rounded(layers.Layer):
        def call(self, inputs):
            return ops.cast(ops.cast(inputs, "int32"), "float32")

    model = keras.Sequential([keras.Input((3,)), Rounded(), layers.Dense(2)])
    model.compile("sgd", "mse")
    with pytest.raises(ValueError, match="must have a gradient"), AdversarialTraining().on(model):
        model.fit(X, Y, verbose=0)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"epsilon": 256}, "`epsilon` must be at most 255"),
        ({"epsilon": -1}, "`epsilon` must be"),
        ({"norm": 1}, "`norm` must be one of"),
        ({"steps": 0}, "`steps` must be"),
        ({"step_size": -1}, "`step_size` must be"),
    ],
)
@pytest.mark.backend_neutral
def test_bad_arguments_are_refused(options, message):
    with pytest.raises(ValueError, match=message):
        AdversarialTraining(**options)


@pytest.mark.parametrize("name", CASES)
@pytest.mark.backend_neutral
def test_a_config_rebuilds_the_step(name):
    step = AdversarialTraining(**CASES[name], seed=5)
    copy = keras.saving.deserialize_keras_object(keras.saving.serialize_keras_object(step))
    assert copy.get_config() == step.get_config()
    assert isinstance(copy, TrainingStep)
