"""Engines: where many independent trainings run, in processes of this machine or on Ray."""

from lazy_loader import attach_stub

__getattr__, __dir__, __all__ = attach_stub(__name__, __file__)
