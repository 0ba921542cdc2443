"""Regularizers as textbooks write them, made of Keras's."""

from kerasrecipes.regularizers.elastic_net import elastic_net
from kerasrecipes.regularizers.half_l2 import half_l2

__all__ = ["elastic_net", "half_l2"]
