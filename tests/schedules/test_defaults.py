"""Defaults and limits of schedules: see `tests.defaults`."""

import pytest

import kerasrecipes.schedules as package
from tests.defaults import defaults_of, limits_of
from tests.schedules.cases import CASES

DEFAULTS = {
    "Cyclic": "mode='triangular', gamma=0.99994",
    "LinearDecay": "end_fraction=0.01",
    "OneCycle": (
        "warmup_steps=None, warmup_fraction=None, annihilation_steps=0, "
        "initial_fraction=0.04, final_fraction=4e-06, shape='cosine'"
    ),
    "OneCycleMomentum": (
        "warmup_steps=None, warmup_fraction=None, annihilation_steps=0, max_momentum=0.95, "
        "min_momentum=0.85, shape='cosine'"
    ),
    "StepDecay": (
        "factor=0.1, period_steps=None, boundaries_steps=None, boundaries_fraction=None, "
        "total_steps=None"
    ),
    "Warmup": "initial_fraction=0.1, mode='linear', shifted=False",
    "WarmupStableDecay": (
        "warmup_steps=0, cooldown_steps=None, cooldown_fraction=None, initial_fraction=0.1, "
        "end_fraction=0.0, shape='one_minus_sqrt'"
    ),
}


@pytest.mark.backend_neutral
@pytest.mark.parametrize("name", DEFAULTS)
def test_defaults_are_as_written(name):
    assert defaults_of(getattr(package, name)) == DEFAULTS[name]


# What an argument must be, by that.
LIMITS = {
    "a number greater than 0": """
        LinearDecay.initial_learning_rate
        Cyclic.max_learning_rate
        OneCycle.peak_learning_rate
        WarmupStableDecay.peak_learning_rate
        StepDecay.initial_learning_rate
    """,
    "an integer of at least 1": """
        LinearDecay.decay_steps
        Cyclic.half_cycle_steps
        OneCycle.total_steps
        OneCycleMomentum.total_steps
        WarmupStableDecay.total_steps
        StepDecay.period_steps
        StepDecay.total_steps
    """,
    "a number in [0, 1]": """
        LinearDecay.end_fraction
        OneCycle.initial_fraction
        OneCycle.final_fraction
        WarmupStableDecay.initial_fraction
        WarmupStableDecay.end_fraction
        Warmup.initial_fraction
    """,
    "a number of at least 0": """
        Cyclic.base_learning_rate
        Warmup.schedule
    """,
    "a number in (0, 1]": """
        Cyclic.gamma
        StepDecay.factor
    """,
    "an integer of at least 0": """
        OneCycle.warmup_steps
        OneCycle.annihilation_steps
        OneCycleMomentum.warmup_steps
        OneCycleMomentum.annihilation_steps
        WarmupStableDecay.warmup_steps
        WarmupStableDecay.cooldown_steps
        Warmup.warmup_steps
    """,
    "a number in [0, 1)": """
        OneCycle.warmup_fraction
        OneCycleMomentum.warmup_fraction
        OneCycleMomentum.max_momentum
        WarmupStableDecay.cooldown_fraction
    """,
    "a number in [0, 0.95]": """
        OneCycleMomentum.min_momentum
    """,
}


@pytest.mark.backend_neutral
@pytest.mark.parametrize(
    ("path", "limit"), [(path, limit) for limit, paths in LIMITS.items() for path in paths.split()]
)
def test_limits_are_as_written(path, limit):
    name, argument = path.split(".")
    assert (
        limits_of(lambda **given: getattr(package, name)(**{**CASES[name][0], **given}), argument)
        == limit
    )
