from .class_metric import ClassMetric as ClassMetric
from .class_recalls import BalancedAccuracy as BalancedAccuracy
from .class_recalls import WorstClassRecall as WorstClassRecall
from .confusion_metrics import CohenKappa as CohenKappa
from .confusion_metrics import MatthewsCorrelation as MatthewsCorrelation
from .probability_metrics import BrierScore as BrierScore
from .probability_metrics import CalibrationError as CalibrationError
