"""Trained networks put to other uses: their features, and classifiers on them."""

from lazy_loader import attach_stub

__getattr__, __dir__, __all__ = attach_stub(__name__, __file__)
