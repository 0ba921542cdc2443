"""Whether predicted probabilities mean what they say, and what to do with them."""

from kerasrecipes.metrics.calibration.coverage import (
    AnsweringThreshold,
    CoverageCurve,
    coverage_curve,
)
from kerasrecipes.metrics.calibration.proper_scores import brier_score, log_loss
from kerasrecipes.metrics.calibration.reliability import (
    ReliabilityBins,
    calibration_error_interval,
    expected_calibration_error,
    reliability_bins,
)
from kerasrecipes.metrics.calibration.temperature import Temperature, fit_temperature
from kerasrecipes.metrics.calibration.two_classes import (
    Threshold,
    TwoClassCurves,
    threshold_at,
    threshold_for,
    two_class_curves,
)

__all__ = [
    "AnsweringThreshold",
    "CoverageCurve",
    "ReliabilityBins",
    "Temperature",
    "Threshold",
    "TwoClassCurves",
    "brier_score",
    "calibration_error_interval",
    "coverage_curve",
    "expected_calibration_error",
    "fit_temperature",
    "log_loss",
    "reliability_bins",
    "threshold_at",
    "threshold_for",
    "two_class_curves",
]
