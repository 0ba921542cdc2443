"""Where images come from: sources that load into one `Dataset`, and batches of it."""

from lazy_loader import attach_stub

__getattr__, __dir__, __all__ = attach_stub(__name__, __file__)
