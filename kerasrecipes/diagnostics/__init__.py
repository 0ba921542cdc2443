"""Instruments: they take a model, arrays or a history, and need no recipe."""

from kerasrecipes.diagnostics.learning_rate_finder import find_lr
from kerasrecipes.diagnostics.learning_rate_range import LearningRateRange

__all__ = ["LearningRateRange", "find_lr"]
