"""Diagnostic instruments for any model, arrays or history, without a recipe."""

from kerasrecipes.diagnostics.learning_rate_finder import find_lr
from kerasrecipes.diagnostics.learning_rate_range import LearningRateRange

__all__ = ["LearningRateRange", "find_lr"]
