"""Compile arguments from a recipe: its loss and metrics as Keras objects."""

from collections.abc import Sequence

import keras

from kerasrecipes.losses import ClassLoss
from kerasrecipes.metrics import ClassMetric
from kerasrecipes.recipe.recipe import Recipe
from kerasrecipes.recipe.registry import options
from kerasrecipes.recipe.spec import Spec, family_of

# What a metric's short name stands for: the class for integer labels, and the one for soft labels.
_SHORT_NAMES = {
    "accuracy": ("SparseCategoricalAccuracy", "CategoricalAccuracy"),
    "acc": ("SparseCategoricalAccuracy", "CategoricalAccuracy"),
    "crossentropy": ("SparseCategoricalCrossentropy", "CategoricalCrossentropy"),
    "ce": ("SparseCategoricalCrossentropy", "CategoricalCrossentropy"),
}

# Losses with one right class for each sample, whose label they use as a number.
_OF_ONE_CLASS = ("Hinge", "SquaredHinge", "CategoricalHinge", "CTC")


def compile_arguments(
    recipe: Recipe, class_names: Sequence[str], mixed_labels: bool = False
) -> dict:
    """Returns loss and metrics for `model.compile`.

    Models return logits. So a loss or metric with the option `from_logits` gets `True`, unless the
    recipe sets it. `AUC` gets softmax probabilities, because logits of different samples cannot be
    compared.

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
    built = _of_logits(spec, "loss").build("loss")
    name = type(built).__name__
    if not _is_keras(built):
        return ClassLoss(built) if mixed_labels else built
    if mixed_labels and name in _OF_ONE_CLASS:
        raise ValueError(_cannot_take_mixed(spec, "a cross-entropy"))
    if not _is_sparse(built):
        return ClassLoss(built)
    if not mixed_labels:
        return built
    config = built.get_config()
    if config.pop("ignore_class", None) is not None:
        raise ValueError(_cannot_take_mixed(spec, "it without `ignore_class`"))
    return ClassLoss(keras.losses.CategoricalCrossentropy(**config))


def _cannot_take_mixed(spec: Spec, instead: str) -> str:
    return (
        "`augment` mixes the labels of samples, and this loss cannot take mixed labels. Use "
        f"{instead}, or augment without mixing. Received: loss={spec!r}"
    )


def _metric(
    metric: str | Spec, class_names: Sequence[str], mixed_labels: bool
) -> str | keras.metrics.Metric:
    if metric in ("accuracy", "acc") and not mixed_labels:
        return metric
    if isinstance(metric, str):
        metric = Spec(_SHORT_NAMES[metric][mixed_labels], {"name": metric})
    built = _of_logits(metric, "metric").build("metric")
    if _is_keras(built) and not _is_sparse(built):
        return ClassMetric(built, class_names)
    return ClassMetric(built, class_names, sparse=True) if mixed_labels else built


def _of_logits(spec: Spec, family: str) -> Spec:
    """Returns a spec with `from_logits=True` where neither it nor a spec in it sets that option."""
    given = {
        name: _of_logits(value, inner)
        if isinstance(value, Spec) and (inner := family_of(name)) in ("loss", "metric")
        else value
        for name, value in spec.options.items()
    }
    component = spec.component(family)
    if "from_logits" in options(component) and component is not keras.metrics.AUC:
        given = {"from_logits": True, **given}
    return Spec(spec.name, given)


def _is_sparse(component: object) -> bool:
    return type(component).__name__.startswith("Sparse")


def _is_keras(component: object) -> bool:
    return type(component).__module__.split(".")[0] == "keras"
