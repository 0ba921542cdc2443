"""Regularizers as textbooks write them, made of Keras's."""

from kerasrecipes.regularizers.penalties import elastic_net, half_l2

__all__ = ["elastic_net", "half_l2"]
