"""Explanations of what an image classifier looks at, for any Keras model."""

from lazy_loader import attach_stub

__getattr__, __dir__, __all__ = attach_stub(__name__, __file__)
