"""Arguments that all Keras optimizers have: of ours, and through wrappers that change nothing."""

import functools
import itertools

import keras
import numpy as np
import pytest
from keras import ops

from kerasrecipes.optimizers import DecayKernelsOnly, Momentum, RAdam
from tests.optimizers.cases import IDENTITIES, OURS, class_of, make
from tests.optimizers.problems import BACKEND

STEPS = 6
SHAPES = {"kernel": (3, 2), "bias": (2,)}
INNER = {"Adam": keras.optimizers.Adam, "RAdam": RAdam, "Momentum": Momentum}
COMMON = {
    "none": {},
    "schedule": {"learning_rate": keras.optimizers.schedules.CosineDecay(0.1, 5)},
    "weight_decay": {"weight_decay": 0.1},
    "clipnorm": {"clipnorm": 0.5},
    "global_clipnorm": {"global_clipnorm": 0.5},
    "clipvalue": {"clipvalue": 0.2},
    "use_ema": {"use_ema": True, "ema_momentum": 0.5},
    "ema_overwrite_frequency": {
        "use_ema": True,
        "ema_momentum": 0.5,
        "ema_overwrite_frequency": 2,
    },
    "loss_scale_factor": {"loss_scale_factor": 8.0},
    "gradient_accumulation_steps": {"gradient_accumulation_steps": 2},
    "schedule and accumulation": {
        "learning_rate": keras.optimizers.schedules.CosineDecay(0.1, 5),
        "gradient_accumulation_steps": 2,
    },
}


def gradient_steps(seed=0):
    """Returns gradients whose mean over inputs is 0, which centralization does not change."""
    rng = np.random.default_rng(seed)
    steps = [{k: rng.normal(size=s) for k, s in SHAPES.items()} for _ in range(STEPS)]
    for step in steps:
        step["kernel"] -= step["kernel"].mean(axis=0)
    return steps


def end(optimizer, steps, compiled=False):
    """Returns all weights after the steps and the end of training, in one vector.

    `compiled` compiles a step on JAX. It pays where eager JAX would compile many operations.
    """
    weights = [keras.Variable(np.ones(s), dtype="float32", name=k) for k, s in SHAPES.items()]
    optimizer.build(weights)
    compiled = compiled or isinstance(optimizer, keras.optimizers.LossScaleOptimizer)
    apply = stateless(optimizer) if compiled and BACKEND == "jax" else optimizer.apply
    for step in steps:
        apply([ops.convert_to_tensor(step[w.name], "float32") for w in weights], weights)
    optimizer.finalize_variable_values(weights)
    return np.concatenate([ops.convert_to_numpy(w).ravel() for w in weights])


def stateless(optimizer):
    """Returns a stateless `apply`, as in training with JAX: Keras's loss scale needs it there."""
    import jax

    compiled = jax.jit(optimizer.stateless_apply)

    def apply(gradients, weights):
        state = [variable.value for variable in optimizer.variables]
        ends = compiled(state, gradients, [weight.value for weight in weights])
        for variables, values in zip((weights, optimizer.variables), ends, strict=True):
            for variable, value in zip(variables, values, strict=True):
                variable.assign(value)

    return apply


@functools.cache
def end_of_inner(inner, options):
    return end(INNER[inner](**dict(options)), gradient_steps(), compiled=True)


@pytest.mark.parametrize(
    ("inner", "common"),
    [
        *(("Adam", common) for common in COMMON),
        *itertools.product(("RAdam", "Momentum"), ("weight_decay", "schedule and accumulation")),
    ],
)
@pytest.mark.parametrize("wrapper", IDENTITIES)
def test_a_wrapper_that_changes_nothing_equals_its_inner_optimizer(wrapper, inner, common):
    options = {"learning_rate": 0.1, **COMMON[common]}
    if class_of(wrapper) is DecayKernelsOnly and inner == "Adam":
        options.pop("weight_decay", None)
    wrapped = make(wrapper, inner=INNER[inner](**options), weights=len(SHAPES))
    received = end(wrapped, gradient_steps(), compiled=True)
    expected = end_of_inner(inner, tuple(options.items()))
    np.testing.assert_allclose(received, expected, atol=2e-6)
    assert np.abs(received - 1).max() > 1e-3
    assert int(wrapped.iterations) == STEPS // options.get("gradient_accumulation_steps", 1)


def by_hand(name, steps):
    """Returns the gradients as a common argument changes them."""
    clipped = []
    lengths = {
        "clipnorm": lambda step, g: np.linalg.norm(g),
        "global_clipnorm": lambda step, g: np.sqrt(sum((x**2).sum() for x in step.values())),
    }
    for step in steps:
        if name in lengths:
            step = {k: g * min(1, 0.5 / lengths[name](step, g)) for k, g in step.items()}
        if name == "clipvalue":
            step = {k: g.clip(-0.2, 0.2) for k, g in step.items()}
        clipped.append(step)
    if name == "gradient_accumulation_steps":
        pairs = zip(steps[::2], steps[1::2], strict=True)
        return [{k: (a[k] + b[k]) / 2 for k in a} for a, b in pairs]
    return clipped


@pytest.mark.parametrize(
    "name",
    [
        "clipnorm",
        "global_clipnorm",
        "clipvalue",
        "loss_scale_factor",
        "gradient_accumulation_steps",
    ],
)
@pytest.mark.parametrize("cls", OURS)
def test_ours_take_common_arguments(cls, name):
    steps = gradient_steps()
    scaled = [{k: 8 * g for k, g in step.items()} for step in steps]
    received = end(cls(0.1, **COMMON[name]), scaled if name == "loss_scale_factor" else steps)
    np.testing.assert_allclose(received, end(cls(0.1), by_hand(name, steps)), atol=2e-6)


@pytest.mark.parametrize("cls", OURS)
def test_ours_average_weights(cls):
    steps = gradient_steps()
    average = end(cls(0.1), steps[:1])
    for count in range(2, STEPS + 1):
        average = 0.5 * average + 0.5 * end(cls(0.1), steps[:count])
    received = end(cls(0.1, **COMMON["use_ema"]), steps)
    np.testing.assert_allclose(received, average, atol=2e-6)


@pytest.mark.parametrize("accumulated", [None, 2])
def test_momentum_and_learning_rate_see_the_same_step(accumulated):
    @keras.saving.register_keras_serializable(package="test_common_arguments")
    class Recorder(keras.optimizers.schedules.LearningRateSchedule):
        def __call__(self, step):
            return 0.5 / (1 + ops.cast(step, "float32"))

        def get_config(self):
            return {}

    optimizer = Momentum(0.1, momentum=Recorder(), gradient_accumulation_steps=accumulated)
    w = keras.Variable([0.0])
    for _ in range(4):
        optimizer.apply([ops.array([1.0])], [w])
    v, expected = 0.0, 0.0
    for step in range(4):
        if accumulated is None or step % 2:
            v = 0.5 / (1 + step) * v + 1
            expected -= 0.1 * v
    assert ops.convert_to_numpy(w).item() == pytest.approx(expected, rel=1e-6)


@pytest.mark.parametrize(
    ("cls", "wrap"), [*((cls, None) for cls in OURS), *((RAdam, wrap) for wrap in IDENTITIES)]
)
def test_a_loss_scale_optimizer_skips_what_is_not_finite(cls, wrap):
    optimizer = cls(0.1)
    if wrap is not None:
        optimizer = make(wrap, inner=optimizer, weights=len(SHAPES))
    skipping = keras.optimizers.LossScaleOptimizer(optimizer, initial_scale=1.0)
    steps = gradient_steps()
    broken = {k: g * np.nan for k, g in steps[0].items()}
    # The scale halves after the broken step, so that the optimizer divides gradients by a half.
    halved = [{k: g / 2 for k, g in step.items()} for step in steps[2:]]
    received = end(skipping, [*steps[:2], broken, *halved])
    np.testing.assert_allclose(received, end(cls(0.1), steps), atol=2e-6)
    assert not np.isfinite(end(cls(0.1), [*steps[:2], broken, *steps[2:]])).any()
