"""Metrics that Keras lacks."""

from kerasrecipes.metrics.class_metric import ClassMetric

__all__ = ["ClassMetric"]
