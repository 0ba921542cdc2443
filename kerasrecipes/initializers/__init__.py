"""Initializers that Keras lacks."""

from kerasrecipes.initializers.delta_orthogonal import DeltaOrthogonal
from kerasrecipes.initializers.dirac import Dirac
from kerasrecipes.initializers.random_walk import RandomWalk

__all__ = ["DeltaOrthogonal", "Dirac", "RandomWalk"]
