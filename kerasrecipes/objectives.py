"""What a model is compiled with: the loss and metrics that a recipe names, as Keras objects."""

from collections.abc import Sequence

import keras

from kerasrecipes.metrics import ClassMetric
from kerasrecipes.recipe import Recipe
from kerasrecipes.spec import Spec


def compile_arguments(recipe: Recipe, class_names: Sequence[str]) -> dict:
    """Returns loss and metrics for `model.compile`.

    Args:
        recipe: The recipe.
        class_names: Names for metrics with one result a class.
    """
    metrics = [_metric(metric, class_names) for metric in recipe.metrics]
    return {"loss": recipe.loss.build("loss"), "metrics": metrics}


def _metric(metric: str | Spec, class_names: Sequence[str]) -> str | keras.metrics.Metric:
    if isinstance(metric, str):
        return metric
    built = metric.build("metric")
    return ClassMetric(built, class_names) if _needs_one_hot(built) else built


def _needs_one_hot(metric: keras.metrics.Metric) -> bool:
    """Returns whether a metric is one of Keras's that cannot read integer labels and logits."""
    is_keras = type(metric).__module__.split(".")[0] == "keras"
    return is_keras and not type(metric).__name__.startswith("Sparse")
