"""Recipes as plain data: components, their options, and the paths that change them."""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
