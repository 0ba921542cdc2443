from .adversarial_scoring import AdversarialExample as AdversarialExample
from .adversarial_scoring import AdversarialScores as AdversarialScores
from .adversarial_scoring import adversarial_scores as adversarial_scores
from .attacks import fgsm as fgsm
from .attacks import pgd as pgd
from .corruption_scoring import CorruptionScores as CorruptionScores
from .corruption_scoring import corruption_scores as corruption_scores
from .corruptions import corrupted as corrupted
