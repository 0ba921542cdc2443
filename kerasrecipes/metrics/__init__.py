"""Metrics that Keras lacks."""

from lazy_loader import attach_stub

# Imported on first use: `calibration` is for arrays, and does not wait for Keras and its backend.
__getattr__, __dir__, __all__ = attach_stub(__name__, __file__)
