from .class_metric import ClassMetric as ClassMetric
from .probability_metrics import BrierScore as BrierScore
from .probability_metrics import CalibrationError as CalibrationError
