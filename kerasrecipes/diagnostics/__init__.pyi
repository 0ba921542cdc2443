from .diagnosing import diagnose as diagnose
from .doctor import Doctor as Doctor
from .findings import Diagnosis as Diagnosis
from .findings import Finding as Finding
from .learning_rate_finder import find_lr as find_lr
from .learning_rate_range import LearningRateRange as LearningRateRange
from .record import Record as Record
