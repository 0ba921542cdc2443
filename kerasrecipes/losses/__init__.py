"""Losses that Keras lacks."""

from kerasrecipes.losses.class_loss import ClassLoss

__all__ = ["ClassLoss"]
