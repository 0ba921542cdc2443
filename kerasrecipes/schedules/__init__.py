"""Learning rate schedules that Keras lacks."""

from kerasrecipes.schedules.chain import Chain
from kerasrecipes.schedules.cyclic import Cyclic
from kerasrecipes.schedules.lecture_decays import (
    exponential_decay,
    inverse_time_decay,
    percent_decay,
)
from kerasrecipes.schedules.linear_decay import LinearDecay
from kerasrecipes.schedules.one_cycle import OneCycle
from kerasrecipes.schedules.one_cycle_momentum import OneCycleMomentum
from kerasrecipes.schedules.step_decay import StepDecay
from kerasrecipes.schedules.warmup import Warmup
from kerasrecipes.schedules.warmup_stable_decay import WarmupStableDecay

__all__ = [
    "Chain",
    "Cyclic",
    "LinearDecay",
    "OneCycle",
    "OneCycleMomentum",
    "StepDecay",
    "Warmup",
    "WarmupStableDecay",
    "exponential_decay",
    "inverse_time_decay",
    "percent_decay",
]
