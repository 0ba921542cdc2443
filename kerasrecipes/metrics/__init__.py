"""Metrics that Keras lacks."""

from kerasrecipes.metrics.class_metric import ClassMetric
from kerasrecipes.metrics.probability_metrics import BrierScore, CalibrationError

__all__ = ["BrierScore", "CalibrationError", "ClassMetric"]
