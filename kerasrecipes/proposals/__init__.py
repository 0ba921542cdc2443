"""From images to a recipe: what they are, what can be had, and what a practitioner would choose."""

from lazy_loader import attach_stub

__getattr__, __dir__, __all__ = attach_stub(__name__, __file__)
