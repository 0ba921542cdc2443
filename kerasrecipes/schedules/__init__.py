"""Learning rate schedules that Keras lacks."""

from kerasrecipes.schedules.step_decay import StepDecay

__all__ = ["StepDecay"]
