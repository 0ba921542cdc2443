"""Recipes as plain data: components, their options, and the paths that change them."""

from lazy_loader import attach_stub

__getattr__, __dir__, __all__ = attach_stub(__name__, __file__)
