"""What a model is compiled with: the loss and metrics that a recipe names, as Keras objects."""

from collections.abc import Sequence

import keras

from kerasrecipes.losses import ClassLoss
from kerasrecipes.metrics import ClassMetric
from kerasrecipes.recipe.recipe import Recipe
from kerasrecipes.recipe.spec import Spec

# What Keras makes of these names, for one-hot labels.
_NAMED_METRICS = {
    "accuracy": keras.metrics.CategoricalAccuracy,
    "acc": keras.metrics.CategoricalAccuracy,
    "crossentropy": keras.metrics.CategoricalCrossentropy,
    "ce": keras.metrics.CategoricalCrossentropy,
}

# Losses that know one right class, and take its label for a number.
_OF_ONE_CLASS = ("Hinge", "SquaredHinge", "CategoricalHinge", "CTC")


def compile_arguments(
    recipe: Recipe, class_names: Sequence[str], mixed_labels: bool = False
) -> dict:
    """Returns loss and metrics for `model.compile`.

    Args:
        recipe: The recipe.
        class_names: Names for metrics with one result a class.
        mixed_labels: Whether training labels are shares of several classes, as `MixedSamples` gives
            them. Validation keeps integers; what is returned reads both.

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
        "`augment` mixes the labels of samples, which this loss cannot take. Use "
        f"{instead}, or do not mix. Received: loss={spec!r}"
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
