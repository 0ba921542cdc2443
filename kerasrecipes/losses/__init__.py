"""Losses that Keras lacks."""

from kerasrecipes.losses.class_loss import ClassLoss
from kerasrecipes.losses.logit_adjusted_crossentropy import LogitAdjustedCrossentropy

__all__ = ["ClassLoss", "LogitAdjustedCrossentropy"]
