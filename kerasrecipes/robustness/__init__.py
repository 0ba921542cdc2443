"""What an image classifier withstands, adversarial and corrupted images, for any Keras model."""

from lazy_loader import attach_stub

__getattr__, __dir__, __all__ = attach_stub(__name__, __file__)
