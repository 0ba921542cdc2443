"""Averages of weights against NumPy, against PyTorch's, and after the training against in it."""

import functools

import keras
import numpy as np
import pytest
from keras import ops

from kerasrecipes.callbacks.model_state import assign
from kerasrecipes.optimizers import (
    EveryAverage,
    ExponentialAverage,
    PowerAverage,
    UniformAverage,
    WeightAveraging,
    post_hoc_coefficients,
)
from kerasrecipes.optimizers.averages.post_hoc import profile_error
from tests.references import weight_averages as references

STEPS = 60
RNG = np.random.default_rng(0)
GRADIENTS = RNG.normal(size=(STEPS, 3, 2)).astype("float32")

AVERAGES = {
    "EMA": ExponentialAverage(),
    "EMA of the lecture": ExponentialAverage(0.95),
    "EMA without warmup": ExponentialAverage(0.95, warmup=False),
    "EMA without correction": ExponentialAverage(0.95, warmup=False, debias=False),
    "EMA without correction, warmed up": ExponentialAverage(0.95, debias=False),
    "EMA of nothing": ExponentialAverage(0.0),
    "EMA of a small decay": ExponentialAverage(0.1),
    "SWA": UniformAverage(STEPS),
    "SWA of all": UniformAverage(STEPS, tail_fraction=1.0),
    "SWA by periods": UniformAverage(STEPS, tail_fraction=0.5, period_steps=7),
    "power": PowerAverage(),
    "power, short": PowerAverage(0.02),
}


def reference_of(average):
    return getattr(references, type(average).__module__.rpartition(".")[2])


def trained(averages, steps=GRADIENTS, dtype="float32", **options):
    """Returns the path of a kernel under SGD, and those of its averages."""
    optimizer = WeightAveraging(keras.optimizers.SGD(0.125, momentum=0.5, **options), averages)
    w = keras.Variable(np.ones(steps.shape[1:]), dtype=dtype)
    path, averaged = [], []
    for step in steps:
        optimizer.apply([ops.convert_to_tensor(step, dtype)], [w])
        path.append(_array(w))
        averaged.append([_array(a) for (a,) in optimizer.all_averaged_weights])
    return np.array(path, "float64"), np.array(averaged, "float64")


def _array(variable):
    return ops.convert_to_numpy(variable).astype("float64")


def test_averages_follow_the_reference_at_every_step():
    path, averaged = trained([*AVERAGES.values()])
    for index, (name, average) in enumerate(AVERAGES.items()):
        expected = [
            reference_of(average)(path[: t + 1], **average.get_config()) for t in range(STEPS)
        ]
        error = np.abs(averaged[:, index] - expected).max()
        assert error < 1e-6 * np.abs(path).max(), name


def test_a_long_exponential_average_is_exact_where_its_warmup_ends():
    average = ExponentialAverage(0.99)  # Its warmup ends at step 890.
    steps = np.arange(1.0, 2001.0)
    coefficients = [
        float(ops.convert_to_numpy(average.coefficient(ops.array(t, "float32")))) for t in steps
    ]
    decays = np.minimum(0.99, (1 + steps) / (10 + steps))
    expected = (1 - decays) / (1 - np.cumprod(decays))
    np.testing.assert_allclose(coefficients, expected, rtol=1e-4)


def test_a_power_average_of_a_long_training_loses_no_digits():
    coefficient = PowerAverage(0.1).coefficient(ops.array(1e6, "float32"))
    assert float(ops.convert_to_numpy(coefficient)) == pytest.approx(7.94e-6, rel=1e-3)


@pytest.mark.parametrize("dtype", ["bfloat16", "float16"])
def test_averages_of_weights_in_half_precision_are_in_float32(dtype):
    optimizer = WeightAveraging(keras.optimizers.SGD(1.0), [ExponentialAverage(0.999)])
    w = keras.Variable(np.ones((2,)), dtype=dtype)
    optimizer.build([w])
    (average,) = optimizer.averaged_weights
    assert average.dtype == "float32"
    for _ in range(3):
        optimizer.apply([ops.array([0.5, 0.0], dtype)], [w])
    np.testing.assert_allclose(_array(w), [-0.5, 1.0])
    np.testing.assert_allclose(_array(average)[1], 1.0)
    assert -0.5 < _array(average)[0] < 0.5


def test_accumulated_gradients_count_as_one_update():
    averages = [ExponentialAverage(0.9), UniformAverage(20)]
    _, single = trained(averages, GRADIENTS.reshape(20, 3, 3, 2).mean(1))
    _, accumulated = trained(averages, GRADIENTS, gradient_accumulation_steps=3)
    np.testing.assert_allclose(accumulated[2::3], single, atol=1e-6)


def test_the_training_is_not_changed_and_a_saved_model_keeps_the_averages(tmp_path):
    def fitted(wrap):
        keras.utils.set_random_seed(0)
        model = keras.Sequential([keras.Input((3,)), keras.layers.Dense(2)])
        model.compile(wrap(keras.optimizers.Adam(0.1)), "mse")
        x = GRADIENTS.reshape(-1, 3)
        model.fit(x, x[:, :2], batch_size=16, epochs=2, shuffle=False, verbose=0)
        return model

    plain = fitted(lambda inner: inner)
    averaging = fitted(lambda inner: WeightAveraging(inner, [ExponentialAverage(0.9)]))
    for ours, theirs in zip(averaging.get_weights(), plain.get_weights(), strict=True):
        np.testing.assert_array_equal(ours, theirs)
    averaging.save(tmp_path / "model.keras")
    loaded = keras.models.load_model(tmp_path / "model.keras")
    expected = averaging.optimizer.averaged_weights
    for ours, theirs in zip(loaded.optimizer.averaged_weights, expected, strict=True):
        np.testing.assert_array_equal(_array(ours), _array(theirs))
        assert _array(theirs).any()


def test_a_step_that_is_not_finite_is_not_averaged():
    inner = WeightAveraging(keras.optimizers.SGD(1.0), [ExponentialAverage(0.9)])
    optimizer = keras.optimizers.LossScaleOptimizer(inner, initial_scale=1.0)
    w = keras.Variable([1.0])
    optimizer.build([w])
    # After a step that is skipped, the scale is one half.
    for gradient in (1.0, float("nan"), 0.5):
        gradients = [ops.array([gradient])]
        if keras.backend.backend() == "jax":  # Outside of `fit`, it has no state there.
            state = [v.value for v in optimizer.variables]
            weights, state = optimizer.stateless_apply(state, gradients, [w.value])
            assign([w, *optimizer.variables], [*weights, *state])
        else:
            optimizer.apply(gradients, [w])
    expected = references.exponential_average([[0.0], [-1.0]], 0.9)
    np.testing.assert_allclose(_array(inner.averaged_weights[0]), expected, atol=1e-6)


@pytest.mark.parametrize("kind", ["EMA", "SWA"])
def test_averages_equal_those_of_torch(kind):
    torch = pytest.importorskip("torch")
    from torch.optim import swa_utils

    average, function = {
        "EMA": (
            ExponentialAverage(0.95, warmup=False, debias=False),
            swa_utils.get_ema_multi_avg_fn(0.95),
        ),
        "SWA": (UniformAverage(STEPS, tail_fraction=1.0), None),
    }[kind]
    path, averaged = trained([average])
    network = torch.nn.Linear(2, 3, bias=False, dtype=torch.float64)
    theirs = swa_utils.AveragedModel(network, multi_avg_fn=function)
    for weights, ours in zip(path, averaged[:, 0], strict=True):
        with torch.no_grad():
            network.weight.copy_(torch.from_numpy(weights))
        theirs.update_parameters(network)
        np.testing.assert_allclose(ours, theirs.module.weight.detach().numpy(), atol=1e-5)


TRACKED = (0.05, 0.1)


@functools.cache
def long_training():
    gradients = np.random.default_rng(1).normal(size=(320, 3, 2)).astype("float32")
    return trained([PowerAverage(width) for width in TRACKED], gradients)


@pytest.mark.parametrize("width", [0.05, 0.07, 0.1, 0.15, 0.2, 0.25])
def test_an_average_computed_after_the_training_equals_the_one_kept_in_it(width):
    path, averaged = long_training()
    times = [*range(20, len(path) + 1, 20)]
    widths = [each for _ in times for each in TRACKED]
    coefficients = post_hoc_coefficients(widths, [t for t in times for _ in TRACKED], width)
    stored = [averaged[t - 1, index] for t in times for index in range(len(TRACKED))]
    received = np.tensordot(coefficients, stored, 1)
    direct = references.power_average(path, width)
    spread = np.abs(path - path.mean(0)).max()
    assert np.abs(received - direct).max() < 0.015 * spread
    assert coefficients.sum() == pytest.approx(1)
    if width in TRACKED:
        np.testing.assert_allclose(received, direct, atol=1e-5)


def test_more_stored_times_bring_the_profile_nearer():
    def error(count, width):
        times = np.linspace(4000 / count, 4000, count).astype(int)
        widths = [each for _ in times for each in (0.05, 0.1)]
        return profile_error(widths, np.repeat(times, 2), width)

    assert error(16, 0.2) < error(8, 0.2) < error(2, 0.2)
    assert error(16, 0.1) < 1e-4
    assert error(16, 0.2) < 0.03
    assert error(16, 0.01) > 0.3, "far below the tracked widths there is nothing to compute it from"


def test_a_long_training_is_summed_up_in_parts(monkeypatch):
    arguments = [0.05, 0.1, 0.05, 0.1], [150, 150, 333, 333], 0.15
    whole = post_hoc_coefficients(*arguments)
    monkeypatch.setattr("kerasrecipes.optimizers.averages.post_hoc._AT_ONCE", 100)
    np.testing.assert_allclose(post_hoc_coefficients(*arguments), whole, rtol=1e-6)


@pytest.mark.parametrize("width", [0.01, 0.05, 0.1, 0.25, 0.288])
def test_the_exponent_has_the_width(width):
    assert PowerAverage(width).exponent == pytest.approx(
        references.power(width), rel=1e-6, abs=1e-6
    )


@pytest.mark.parametrize("average", [*AVERAGES.values(), EveryAverage()])
def test_a_config_returns_every_argument(average):
    copy = keras.saving.deserialize_keras_object(keras.saving.serialize_keras_object(average))
    assert type(copy) is type(average)
    assert copy.get_config() == average.get_config()
    assert [*copy.averages][0].label == [*average.averages][0].label


@pytest.mark.backend_neutral
@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: ExponentialAverage(1.0), r"`decay` must be a number in \[0, 1\)"),
        (lambda: UniformAverage(0), "`total_steps` must be an integer of at least 1"),
        (lambda: UniformAverage(10, tail_fraction=0.0), "`tail_fraction` must be a number"),
        (lambda: UniformAverage(10, period_steps=0), "`period_steps`"),
        (lambda: UniformAverage(10, period_steps=5), "one period long.*a tail of 2 of 10 steps"),
        (lambda: PowerAverage(0.3), r"`relative_width` must be a number in \(0, 0.288\]"),
        (lambda: EveryAverage(tracked_widths=[0.1, 0.1]), "two or more different widths"),
        (lambda: EveryAverage(relative_widths=[0.5]), "`relative_widths`"),
        (lambda: EveryAverage(stored=0), "`stored`"),
        (lambda: EveryAverage(checkpoints=0), "`checkpoints`"),
        (lambda: WeightAveraging("sgd", []), "There must be an average to keep"),
        (lambda: post_hoc_coefficients([], [], 0.1), "There must be stored averages"),
        (lambda: post_hoc_coefficients([0.1], [1, 2], 0.1), "1 widths and 2 steps"),
    ],
)
def test_bad_input_is_refused(make, message):
    with pytest.raises(ValueError, match=message):
        make()
