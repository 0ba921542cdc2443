"""Compile arguments from a recipe: its loss and metrics as Keras objects."""

import itertools
import re
from collections.abc import Iterable, Mapping, Sequence

import keras

from kerasrecipes.losses import ClassLoss, LogitAdjustedCrossentropy
from kerasrecipes.metrics import ClassMetric
from kerasrecipes.recipe.recipe import Recipe
from kerasrecipes.recipe.registry import family_of
from kerasrecipes.recipe.signatures import options
from kerasrecipes.recipe.spec import Spec

# What a metric's short name stands for: the class for integer labels, and the one for soft labels.
_SHORT_NAMES = {
    "accuracy": ("SparseCategoricalAccuracy", "CategoricalAccuracy"),
    "acc": ("SparseCategoricalAccuracy", "CategoricalAccuracy"),
    "crossentropy": ("SparseCategoricalCrossentropy", "CategoricalCrossentropy"),
    "ce": ("SparseCategoricalCrossentropy", "CategoricalCrossentropy"),
}

# Losses with one right class for each sample, whose label they use as a number.
_OF_ONE_CLASS = ("Hinge", "SquaredHinge", "CategoricalHinge")

# Losses of probabilities that have no `from_logits`. Keras cuts off what is below 0, or takes its
# logarithm.
_OF_PROBABILITIES = (
    "Dice",
    "KLDivergence",
    "MeanSquaredLogarithmicError",
    "Poisson",
    "Tversky",
)

# What reads no one-hot labels, or divides by them, and what to use instead.
_UNSUITABLE_LOSSES = {
    "CategoricalGeneralizedCrossEntropy": "SparseCategoricalCrossentropy",
    "CTC": "SparseCategoricalCrossentropy",
    "Circle": "SparseCategoricalCrossentropy",
    "MeanAbsolutePercentageError": "MeanAbsoluteError",
}
_UNSUITABLE_METRICS = {
    "Accuracy": "SparseCategoricalAccuracy",
    "IoU": "OneHotIoU",
    "MeanAbsolutePercentageError": "MeanAbsoluteError",
    "MeanIoU": "OneHotMeanIoU",
}


def compile_arguments(
    recipe: Recipe,
    class_names: Sequence[str],
    mixed_labels: bool = False,
    class_counts: Sequence[int] | None = None,
) -> dict:
    """Returns loss and metrics for `model.compile`.

    Models return logits. So a loss or metric with the option `from_logits` gets `True`, unless the
    recipe sets it. Losses of probabilities without this option, such as `KLDivergence`, get the
    softmax of the logits, unless the recipe says `use("ClassLoss", loss=..., softmax=False)`. Other
    metrics get probabilities too, `AUC` among them, because logits of different samples cannot be
    compared; but hinges get logits, as they do as losses.

    Args:
        recipe: The recipe.
        class_names: The names of the classes, for metrics with one result for each class.
        mixed_labels: Whether training labels are soft, as `MixedSamples` returns them. Validation
            labels are integers in any case; the returned loss and metrics read both.
        class_counts: The number of training images of each class, for a loss that adjusts logits.
            Defaults to `None`: where no loss is computed.

    Raises:
        ValueError: If the loss cannot take mixed labels, or a loss or metric of Keras is none for
            one right class out of several.
    """
    metrics = [_metric(metric, class_names, mixed_labels) for metric in _named(recipe.metrics)]
    loss = _with_priors(recipe.loss, class_counts)
    return {"loss": _loss(loss, mixed_labels), "metrics": metrics}


def _with_priors(spec: Spec, class_counts: Sequence[int] | None) -> Spec:
    """Returns a logit-adjusted loss with the priors of the training images, if it has none."""
    adjusts = spec.component("loss") is LogitAdjustedCrossentropy
    if not adjusts or class_counts is None or spec.options.get("priors") is not None:
        return spec
    return Spec(spec.name, {**spec.options, "priors": list(class_counts)})


def _loss(spec: Spec, mixed_labels: bool) -> keras.losses.Loss:
    built = _of_logits(spec, "loss").build("loss")
    name = type(built).__name__
    _check_suitable(getattr(built, "loss", built), "loss", _UNSUITABLE_LOSSES)
    if not _is_keras(built):
        return ClassLoss(built) if mixed_labels else built
    if mixed_labels and name in _OF_ONE_CLASS:
        raise ValueError(_cannot_take_mixed(spec, "a cross-entropy"))
    if not _is_sparse(built):
        return ClassLoss(built, softmax=name in _OF_PROBABILITIES)
    if not mixed_labels:
        return built
    config = built.get_config()
    if config.pop("ignore_class", None) is not None:
        raise ValueError(_cannot_take_mixed(spec, "it without `ignore_class`"))
    # The one of one-hot labels has the same name without "Sparse", and the same options.
    return ClassLoss(getattr(keras.losses, name.removeprefix("Sparse"))(**config))


def _check_suitable(built: object, family: str, unsuitable: Mapping[str, str]) -> None:
    """Raises a `ValueError` for a loss or metric of Keras that would give meaningless numbers."""
    name = type(built).__name__
    # An `IoU` of one-hot labels is suitable.
    if _is_keras(built) and name in unsuitable and getattr(built, "sparse_y_pred", True):
        raise ValueError(
            f"A {family} must compare one-hot labels with logits or probabilities, which {name} "
            f"does not. Use {unsuitable[name]}. Received: {name}"
        )


def _cannot_take_mixed(spec: Spec, instead: str) -> str:
    return (
        "`augment` mixes the labels of samples, and this loss cannot take mixed labels. Use "
        f"{instead}, or augment without mixing. Received: loss={spec!r}"
    )


def _named(metrics: Iterable[str | Spec]) -> list[str | Spec]:
    """Returns metrics that all have names, which are the same in every process.

    Keras counts the metrics that a process makes: the second run's `Recall` would be `recall_1`.
    """
    named: list[str | Spec] = []
    taken: set[str] = set()
    for metric in metrics:
        name = metric if isinstance(metric, str) else _name(metric)
        if name is not None and isinstance(metric, Spec) and "name" not in metric.options:
            numbered = (f"{name}_{number}" for number in itertools.count(1))
            name = name if name not in taken else next(n for n in numbered if n not in taken)
            metric = Spec(metric.name, {**metric.options, "name": name})
        named.append(metric)
        taken.add(name or "")
    return named


def _name(metric: Spec) -> str | None:
    """Returns the name that Keras gives a process's first metric of this kind, if it has names."""
    component = metric.component("metric")
    if "name" not in options(component):
        return None
    inner = metric.options.get("metric")
    given = metric.options.get("name", options(component)["name"].default)
    if isinstance(given, str):
        return given
    return _name(inner) if isinstance(inner, Spec) else _in_snake_case(component.__name__)


def _in_snake_case(name: str) -> str:
    """Returns the name of a class as Keras writes it, such as `"top_k_recall"`."""
    name = re.sub("(.)([A-Z][a-z]+)", r"\1_\2", re.sub(r"\W+", "", name))
    return re.sub("([a-z])([A-Z])", r"\1_\2", name).lower()


def _metric(
    metric: str | Spec, class_names: Sequence[str], mixed_labels: bool
) -> str | keras.metrics.Metric:
    if metric in ("accuracy", "acc") and not mixed_labels:
        return metric
    if isinstance(metric, str):
        metric = Spec(_SHORT_NAMES[metric][mixed_labels], {"name": metric})
    built = _of_logits(metric, "metric").build("metric")
    _check_suitable(getattr(built, "metric", built), "metric", _UNSUITABLE_METRICS)
    if _is_keras(built) and not _is_sparse(built):
        return ClassMetric(built, class_names)
    return ClassMetric(built, class_names, sparse=True) if mixed_labels else built


def _of_logits(spec: Spec, family: str) -> Spec:
    """Returns a spec for logits: with `from_logits` or `softmax`, here and inside, if not set."""
    given = {
        name: _of_logits(value, inner_family)
        if isinstance(value, Spec) and (inner_family := family_of(name)) in ("loss", "metric")
        else value
        for name, value in spec.options.items()
    }
    component = spec.component(family)
    if "from_logits" in options(component) and component is not keras.metrics.AUC:
        given = {"from_logits": True, **given}
    inner = given.get("loss")
    if component is ClassLoss and isinstance(inner, Spec):
        of_probabilities = inner.component("loss").__name__ in _OF_PROBABILITIES
        given = {"softmax": of_probabilities, **given}
    return Spec(spec.name, given)


def _is_sparse(component: object) -> bool:
    return type(component).__name__.startswith("Sparse")


def _is_keras(component: object) -> bool:
    return type(component).__module__.split(".")[0] == "keras"
