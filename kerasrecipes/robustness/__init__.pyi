from .attacks import fgsm as fgsm
from .attacks import pgd as pgd
