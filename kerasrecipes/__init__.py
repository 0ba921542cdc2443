"""Recipes for training CNNs with Keras 3: parts, scripts and search.

What a script needs is here; everything else that is public is exported by a package:

    recipe          what a run is made of, as plain data
    training, runs  runs, and what is done with finished ones
    ensembles       models made of several runs
    tuning          hyperparameter search
    transfer        features of trained networks, and advice on how to use one
    proposals       from images to a recipe, with what a practitioner would choose
    report          pages that show a run or a search
    data            sources of images
    models          networks, and what initializes and changes them
    layers, optimizers, schedules, losses, metrics, regularizers, initializers, callbacks
                    ordinary Keras classes, which work without a recipe
    diagnostics     instruments for any Keras model
    explanations    what an image classifier looks at, for any Keras model

Importing this package imports no other. Once Keras is imported too, before or after it,
`keras.models.load_model` finds every class of these packages.
"""

from os import environ

from lazy_loader import attach_stub

from kerasrecipes.base.import_hooks import when_imported

__version__ = "0.1.0"

# TensorFlow reads it when it is imported, which Keras does: information no, warnings too, errors.
environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")

# Imported on first use, so that `kerasrecipes --help` does not wait for Keras and its backend.
__getattr__, __dir__, __all__ = attach_stub(__name__, __file__)


def _register_classes() -> None:
    from kerasrecipes.recipe.registry import import_components

    import_components()


when_imported("keras", __name__, _register_classes)
