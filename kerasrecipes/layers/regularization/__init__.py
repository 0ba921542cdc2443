"""Layers that regularize by dropping at random."""

from kerasrecipes.layers.regularization.drop_connect import DropConnect
from kerasrecipes.layers.regularization.stochastic_depth import StochasticDepth
from kerasrecipes.layers.regularization.vanilla_dropout import VanillaDropout

__all__ = ["DropConnect", "StochasticDepth", "VanillaDropout"]
