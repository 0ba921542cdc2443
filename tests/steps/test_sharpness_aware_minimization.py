"""Sharpness-aware minimization against NumPy and PyTorch, within `fit`, and taken off again."""

import keras
import numpy as np
import pytest
from keras import layers, ops

from kerasrecipes import Recipe, train, use
from kerasrecipes.steps import SharpnessAwareMinimization, TrainingStep
from tests.optimizers.problems import BACKEND, precision

RNG = np.random.default_rng(0)
X, Y = RNG.normal(size=(8, 3)), RNG.normal(size=(8, 2))
KERNEL, BIAS = RNG.normal(size=(3, 2)), RNG.normal(size=2)
CASES = {
    "default": {},
    "radius": {"radius": 0.5},
    "adaptive": {"adaptive": True},
    "eta": {"adaptive": True, "eta": 0.5, "radius": 0.25},
    "interval": {"radius": 0.5, "interval": 2},
    "zero": {"radius": 0.0},
}


def linear(optimizer, dtype="float32", **options):
    head = layers.Dense(2, dtype=dtype, name="head")
    model = keras.Sequential([keras.Input((3,), dtype=dtype), head])
    model.set_weights([KERNEL, BIAS])
    model.compile(optimizer, "mse", **options)
    return model


def fitted(model, step, batches=1):
    """Returns the history of some steps on the whole batch."""
    x, y = np.tile(X, (batches, 1)), np.tile(Y, (batches, 1))
    with step.on(model):
        return model.fit(x, y, 8, shuffle=False, verbose=0).history


def gradient(kernel, bias):
    """Gradients of the mean squared error."""
    error = 2 * (X @ kernel + bias - Y) / Y.size
    return X.T @ error, error.sum(axis=0)


def by_numpy(steps, rate, radius=None, adaptive=False, eta=0.01, interval=1, weight_decay=0.0):
    kernel, bias = KERNEL, BIAS
    radius = radius if radius is not None else 0.5 if adaptive else 0.05
    for number in range(steps):
        of_kernel, of_bias = gradient(kernel, bias)
        if number % interval == 0:
            size = np.abs(kernel) + eta if adaptive else np.ones_like(kernel)
            norm = np.sqrt(((size * of_kernel) ** 2).sum() + (of_bias**2).sum())
            up = radius / norm
            of_kernel, of_bias = gradient(kernel + up * size**2 * of_kernel, bias + up * of_bias)
        kernel = kernel - rate * weight_decay * kernel - rate * of_kernel
        bias = bias - rate * weight_decay * bias - rate * of_bias
    return kernel, bias


@pytest.mark.parametrize("name", CASES)
def test_steps_equal_the_reference(name):
    optimizer = keras.optimizers.SGD(0.125, weight_decay=0.25)
    model = linear(optimizer)
    fitted(model, SharpnessAwareMinimization(**CASES[name]), batches=4)
    expected = by_numpy(4, 0.125, weight_decay=0.25, **CASES[name])
    for received, weight in zip(model.get_weights(), expected, strict=True):
        np.testing.assert_allclose(received, weight, rtol=1e-5, atol=1e-6)


def test_in_float64_to_the_last_digits():
    with precision("float64"):
        model = linear(keras.optimizers.SGD(0.125), "float64")
        fitted(model, SharpnessAwareMinimization(0.5))
        received = model.get_weights()
    # `Dense` computes in float32 elsewhere.
    rtol = 1e-12 if BACKEND == "tensorflow" else 1e-6
    for weight, expected in zip(received, by_numpy(1, 0.125, 0.5), strict=True):
        np.testing.assert_allclose(weight, expected, rtol=rtol)


@pytest.mark.skipif(BACKEND != "torch", reason="the peer is PyTorch's")
def test_it_equals_the_two_passes_as_pytorchs_users_write_them():
    import torch

    x, y = torch.tensor(X, dtype=torch.float32), torch.tensor(Y, dtype=torch.float32)
    weights = [torch.tensor(w, dtype=torch.float32, requires_grad=True) for w in (KERNEL, BIAS)]
    base = torch.optim.SGD(weights, 0.125, momentum=0.9)
    for _ in range(3):
        base.zero_grad()
        torch.nn.functional.mse_loss(x @ weights[0] + weights[1], y).backward()
        norm = torch.stack([w.grad.norm() for w in weights]).norm()
        ups = [0.5 * w.grad / norm for w in weights]
        with torch.no_grad():
            for w, up in zip(weights, ups, strict=True):
                w.add_(up)
        base.zero_grad()
        torch.nn.functional.mse_loss(x @ weights[0] + weights[1], y).backward()
        with torch.no_grad():
            for w, up in zip(weights, ups, strict=True):
                w.sub_(up)
        base.step()
    model = linear(keras.optimizers.SGD(0.125, momentum=0.9))
    fitted(model, SharpnessAwareMinimization(0.5), batches=3)
    for received, w in zip(model.get_weights(), weights, strict=True):
        np.testing.assert_allclose(received, w.detach().numpy(), rtol=1e-5, atol=1e-6)


def test_loss_and_metrics_are_of_the_weights_themselves():
    histories = []
    for radius in (0.0, 5.0):
        model = linear(keras.optimizers.SGD(0.0), metrics=["mae"])
        histories.append(fitted(model, SharpnessAwareMinimization(radius), batches=2))
    plain = linear(keras.optimizers.SGD(0.0), metrics=["mae"])
    expected = plain.fit(X, Y, 8, verbose=0).history
    for history in histories:
        assert set(history) == set(expected)
        for name, value in expected.items():
            assert history[name] == pytest.approx(value, rel=1e-5)


def noisy_network():
    keras.utils.set_random_seed(0)
    model = keras.Sequential(
        [
            keras.Input((3,)),
            layers.Dense(16, name="first"),
            layers.BatchNormalization(name="norm"),
            layers.Dropout(0.5, seed=1, name="drop"),
            layers.Dense(2, name="head"),
        ]
    )
    return model


def test_statistics_move_once_and_both_passes_drop_the_same_units():
    ends = []
    for radius in (None, 0.0, 5.0):
        model = noisy_network()
        model.compile(keras.optimizers.SGD(0.1), "mse")
        step = SharpnessAwareMinimization(radius)
        if radius is None:
            model.fit(X, Y, 8, shuffle=False, verbose=0)
        else:
            fitted(model, step)
        # Without the name of the model, which Keras counts up.
        paths = [v.path.partition("/")[2] for v in model.variables]
        ends.append(dict(zip(paths, map(ops.convert_to_numpy, model.variables), strict=True)))
    keras_own, flat, steep = ends
    for path, value in keras_own.items():
        # With a radius of 0 both passes are the same, so the masks must be, too.
        np.testing.assert_allclose(flat[path], value, rtol=1e-4, atol=1e-6, err_msg=path)
        if "moving" in path or "seed" in path:
            np.testing.assert_allclose(steep[path], value, rtol=1e-5, atol=1e-7, err_msg=path)
    assert np.abs(steep["first/kernel"] - keras_own["first/kernel"]).max() > 1e-4


def test_penalties_and_losses_of_layers_count_in_both_passes():
    optimizer = keras.optimizers.SGD(0.125)
    model = keras.Sequential(
        [keras.Input((3,)), layers.Dense(2, kernel_regularizer=keras.regularizers.L2(0.1))]
    )
    model.set_weights([KERNEL, BIAS])
    model.compile(optimizer, "mse")
    fitted(model, SharpnessAwareMinimization(0.5))

    def penalized(kernel, bias):
        of_kernel, of_bias = gradient(kernel, bias)
        return of_kernel + 0.2 * kernel, of_bias

    of_kernel, of_bias = penalized(KERNEL, BIAS)
    up = 0.5 / np.sqrt((of_kernel**2).sum() + (of_bias**2).sum())
    of_kernel, of_bias = penalized(KERNEL + up * of_kernel, BIAS + up * of_bias)
    received = model.get_weights()
    np.testing.assert_allclose(received[0], KERNEL - 0.125 * of_kernel, rtol=1e-5, atol=1e-6)
    np.testing.assert_allclose(received[1], BIAS - 0.125 * of_bias, rtol=1e-5, atol=1e-6)


def test_a_gradient_of_zero_is_no_division_by_zero():
    model = keras.Sequential([keras.Input((3,)), layers.Dense(2, use_bias=False)])
    model.set_weights([KERNEL])
    model.compile(keras.optimizers.SGD(0.5), "mse")
    with SharpnessAwareMinimization(0.5).on(model):
        model.fit(np.zeros((8, 3)), Y, 8, verbose=0)
    np.testing.assert_array_equal(model.get_weights()[0], KERNEL.astype("float32"))


def test_what_is_not_finite_is_skipped_by_a_loss_scale_optimizer():
    inner = keras.optimizers.SGD(0.125)
    model = linear(keras.optimizers.LossScaleOptimizer(inner, initial_scale=4.0))
    step = SharpnessAwareMinimization(0.5)
    broken = np.full_like(X, np.nan)
    with step.on(model):
        model.fit(np.concatenate([broken, X]), np.tile(Y, (2, 1)), 8, shuffle=False, verbose=0)
    for received, weight in zip(model.get_weights(), by_numpy(1, 0.125, 0.5), strict=True):
        np.testing.assert_allclose(received, weight, rtol=1e-5, atol=1e-6)


def test_a_model_is_of_its_own_class_again_and_its_file_that_of_plain_keras(tmp_path):
    model = linear(keras.optimizers.SGD(0.125))
    own = type(model)
    step = SharpnessAwareMinimization()
    step.put_on(model)
    model.save(tmp_path / "meanwhile.keras")
    step.take_off(model)
    assert type(model) is own
    model.save(tmp_path / "after.keras")
    for name in ("meanwhile", "after"):
        loaded = keras.models.load_model(tmp_path / f"{name}.keras")
        assert type(loaded) is own
        assert loaded.train_step.__func__ is keras.Model.train_step
    before = model.get_weights()
    model.fit(X, Y, 8, verbose=0)
    expected = by_numpy(1, 0.125, 0.0)
    for received, weight in zip(model.get_weights(), expected, strict=True):
        np.testing.assert_allclose(received, weight, rtol=1e-5, atol=1e-6)
    assert np.abs(before[0] - model.get_weights()[0]).max() > 1e-4


def test_it_is_taken_off_after_an_error_too():
    model = linear("sgd")
    own = type(model)
    with pytest.raises(KeyError), SharpnessAwareMinimization().on(model):
        raise KeyError
    assert type(model) is own


class Own(keras.Model):
    def call(self, inputs):
        return inputs

    def train_step(self, *arguments):
        return {}


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: keras.Sequential([keras.Input((3,)), layers.Dense(2)]), "must be compiled"),
        (lambda: Own(), "must have Keras's own `train_step`"),
    ],
)
def test_models_that_it_does_not_fit_are_refused(make, message):
    model = make()
    if isinstance(model, Own):
        model.compile("sgd", "mse")
    with pytest.raises(ValueError, match=message):
        SharpnessAwareMinimization().put_on(model)


def test_a_second_step_is_refused_and_a_step_that_is_not_on():
    model, step = linear("sgd"), SharpnessAwareMinimization()
    with pytest.raises(ValueError, match="does not have this step"):
        step.take_off(model)
    with step.on(model), pytest.raises(ValueError, match="has a training step already"):
        step.put_on(model)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"radius": -0.1}, "`radius` must be"),
        ({"eta": -0.1}, "`eta` must be"),
        ({"interval": 0}, "`interval` must be"),
    ],
)
def test_bad_arguments_are_refused(options, message):
    with pytest.raises(ValueError, match=message):
        SharpnessAwareMinimization(**options)


@pytest.mark.parametrize("name", CASES)
def test_a_config_rebuilds_the_step(name):
    step = SharpnessAwareMinimization(**CASES[name])
    copy = keras.saving.deserialize_keras_object(keras.saving.serialize_keras_object(step))
    assert copy.get_config() == step.get_config()
    assert isinstance(copy, TrainingStep)


def digits(**options):
    return Recipe(data="Digits", model=use("MLP", units=[8]), epochs=1, batch_size=256, **options)


def test_a_recipe_without_one_has_the_fingerprint_that_it_had():
    assert "step" not in digits()._canonical()
    assert digits(step="SharpnessAwareMinimization").fingerprint != digits().fingerprint


def test_a_recipe_trains_by_it_and_its_file_is_plain(tmp_path):
    runs = {}
    for name, step in {
        "plain": None,
        "sharp": use("SharpnessAwareMinimization", radius=1.0),
    }.items():
        runs[name] = train(
            digits(step=step, optimizer=use("SGD", learning_rate=0.5)),
            directory=tmp_path,
            name=name,
            verbose=0,
        )
    model = runs["sharp"].load_model()
    assert type(model).train_step is keras.Model.train_step
    weights = [runs[name].load_model().get_weights() for name in runs]
    assert max(np.abs(a - b).max() for a, b in zip(*weights, strict=True)) > 1e-3
