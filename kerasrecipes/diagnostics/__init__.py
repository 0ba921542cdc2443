"""Instruments: they take a model, arrays or a history, and need no recipe."""

from lazy_loader import attach_stub

__getattr__, __dir__, __all__ = attach_stub(__name__, __file__)
