"""Compile arguments from a recipe: its loss and metrics as Keras objects."""

from collections.abc import Sequence

import keras

from kerasrecipes.losses import ClassLoss
from kerasrecipes.metrics import ClassMetric
from kerasrecipes.recipe.recipe import Recipe
from kerasrecipes.recipe.spec import Spec

# The metrics that Keras chooses for these names if labels are one-hot.
_NAMED_METRICS = {
    "accuracy": keras.metrics.CategoricalAccuracy,
    "acc": keras.metrics.CategoricalAccuracy,
    "crossentropy": keras.metrics.CategoricalCrossentropy,
    "ce": keras.metrics.CategoricalCrossentropy,
}

# Losses with one right class for each sample, whose label they use as a number.
_OF_ONE_CLASS = ("Hinge", "SquaredHinge", "CategoricalHinge", "CTC")


def compile_arguments(
    recipe: Recipe, class_names: Sequence[str], mixed_labels: bool = False
) -> dict:
    """Returns loss and metrics for `model.compile`.

    Args:
        recipe: The recipe.
        class_names: The names of the classes, for metrics with one result for each class.
        mixed_labels: Whether training labels are soft, as `MixedSamples` returns them. Validation
            labels are integers in any case; the returned loss and metrics read both.

    Raises:
        ValueError: If the loss cannot take mixed labels.
    """
    metrics = [_metric(metric, class_names, mixed_labels) for metric in recipe.metrics]
    return {"loss": _loss(recipe.loss, mixed_labels), "metrics": metrics}


def _loss(spec: Spec, mixed_labels: bool) -> keras.losses.Loss:
    built = spec.build("loss")
    name = type(built).__name__
    if not _is_keras(built):
        return ClassLoss(built) if mixed_labels else built
    if mixed_labels and name in _OF_ONE_CLASS:
        raise ValueError(_cannot_take_mixed(spec, "a cross-entropy"))
    if not name.startswith("Sparse"):
        return ClassLoss(built)
    if not mixed_labels:
        return built
    options = built.get_config()
    if options.pop("ignore_class", None) is not None:
        raise ValueError(_cannot_take_mixed(spec, "it without `ignore_class`"))
    return ClassLoss(keras.losses.CategoricalCrossentropy(**options))


def _cannot_take_mixed(spec: Spec, instead: str) -> str:
    return (
        "`augment` mixes the labels of samples, and this loss cannot take mixed labels. Use "
        f"{instead}, or augment without mixing. Received: loss={spec!r}"
    )


def _metric(
    metric: str | Spec, class_names: Sequence[str], mixed_labels: bool
) -> str | keras.metrics.Metric:
    if isinstance(metric, str):
        return ClassMetric(_NAMED_METRICS[metric](name=metric)) if mixed_labels else metric
    built = metric.build("metric")
    if _is_keras(built) and not type(built).__name__.startswith("Sparse"):
        return ClassMetric(built, class_names)
    return ClassMetric(built, class_names, sparse=True) if mixed_labels else built


def _is_keras(component: object) -> bool:
    return type(component).__module__.split(".")[0] == "keras"
