"""Defaults of schedules: see `tests.defaults`."""

import pytest

import kerasrecipes.schedules as package
from tests.defaults import defaults_of

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
