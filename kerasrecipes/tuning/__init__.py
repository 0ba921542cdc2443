"""Search for hyperparameters, from coarse to fine."""

import importlib

from kerasrecipes.tuning.ranges import choice, integer, log_uniform, uniform
from kerasrecipes.tuning.stages import Stage, stages_of

# Imported on first use: a recipe script with a space of ranges does not wait for keras-tuner.
_HOMES = {
    "CoarseToFine": "kerasrecipes.tuning.coarse_to_fine",
    "Search": "kerasrecipes.tuning.search_folder",
    "search": "kerasrecipes.tuning.recipe_search",
}
__all__ = [
    "CoarseToFine",
    "Search",
    "Stage",
    "choice",
    "integer",
    "log_uniform",
    "search",
    "stages_of",
    "uniform",
]


def __getattr__(name: str):
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(importlib.import_module(_HOMES[name]), name)
