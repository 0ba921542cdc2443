"""Every schedule with every argument: the table that all tests of schedules are derived from."""

import keras

from kerasrecipes import schedules
from tests.references import schedules as references


def decay():
    return keras.optimizers.schedules.InverseTimeDecay(0.2, decay_steps=10, decay_rate=0.5)


CYCLE = {"peak_learning_rate": 0.3, "total_steps": 100}
BOUNDS = {"base_learning_rate": 0.001, "max_learning_rate": 0.006, "half_cycle_steps": 13}
STABLE = {"peak_learning_rate": 0.3, "total_steps": 100}
# Rows of each class: options that give every argument in one row at least.
CASES = {
    "LinearDecay": [
        {"initial_learning_rate": 0.3, "decay_steps": 100},
        {"initial_learning_rate": 0.3, "decay_steps": 7, "end_fraction": 0.0},
        {"initial_learning_rate": 2, "decay_steps": 1, "end_fraction": 1},
    ],
    "Cyclic": [
        BOUNDS,
        BOUNDS | {"mode": "triangular2"},
        BOUNDS | {"mode": "exp_range"},
        BOUNDS | {"mode": "exp_range", "gamma": 0.9},
        BOUNDS | {"half_cycle_steps": 1, "base_learning_rate": 0},
    ],
    "OneCycle": [
        CYCLE,
        CYCLE | {"warmup_steps": 20},
        CYCLE | {"warmup_steps": 0},
        CYCLE | {"warmup_fraction": 0.456},
        CYCLE | {"warmup_steps": 40, "annihilation_steps": 20},
        CYCLE | {"shape": "linear", "annihilation_steps": 11, "initial_fraction": 0.1},
        CYCLE | {"final_fraction": 0.25},
        CYCLE | {"total_steps": 1},
    ],
    "OneCycleMomentum": [
        {"total_steps": 100},
        {"total_steps": 100, "warmup_steps": 20},
        {"total_steps": 100, "warmup_fraction": 0.456, "shape": "linear"},
        {"total_steps": 100, "annihilation_steps": 20},
        {"total_steps": 100, "max_momentum": 0.9, "min_momentum": 0.5},
    ],
    "WarmupStableDecay": [
        STABLE,
        STABLE | {"warmup_steps": 30},
        STABLE | {"warmup_steps": 30, "initial_fraction": 0.5, "shape": "linear"},
        STABLE | {"cooldown_steps": 50, "end_fraction": 0.1, "shape": "cosine"},
        STABLE | {"cooldown_fraction": 0.456},
        STABLE | {"warmup_steps": 40, "cooldown_steps": 60},
    ],
    "Warmup": [
        {"schedule": decay(), "warmup_steps": 20},
        {"schedule": decay(), "warmup_steps": 20, "shifted": True},
        {"schedule": decay(), "warmup_steps": 20, "mode": "constant"},
        {"schedule": decay(), "warmup_steps": 0, "initial_fraction": 0.5},
        {"schedule": 0.3, "warmup_steps": 20, "initial_fraction": 0.0},
    ],
    "StepDecay": [
        {"initial_learning_rate": 0.3, "factor": 0.5, "period_steps": 7},
        {"initial_learning_rate": 0.3, "factor": 0.1, "boundaries_steps": [1, 30, 31, 60]},
        {"initial_learning_rate": 0.3, "boundaries_steps": []},
        {"initial_learning_rate": 0.3, "boundaries_fraction": [0.5, 0.75], "total_steps": 80},
        {"initial_learning_rate": 0.3, "factor": 0.2, "boundaries_fraction": [1 / 3, 0.5],
         "total_steps": 100},
        {"initial_learning_rate": 0.3, "factor": 0.5, "period_steps": 20, "total_steps": 80},
    ],
    "Chain": [
        {"schedules": [0.3, decay()], "boundaries_steps": [50]},
        {"schedules": [decay(), decay(), 0.001], "boundaries_steps": [1, 90]},
        {"schedules": [decay()], "boundaries_steps": []},
    ],
}  # fmt: skip


def reference(name, t, options):
    """Returns the rate of a schedule at a step, by the function of its module's name."""
    module = getattr(schedules, name).__module__.rpartition(".")[2]
    return getattr(references, module)(t, **options)
