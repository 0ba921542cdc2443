"""Names of losses and metrics, whatever a user gave to `compile`."""

import functools
import inspect
import re
from dataclasses import replace
from typing import Any

import keras

from kerasrecipes.diagnostics.record.model_facts import Loss
from kerasrecipes.losses import ClassLoss

_BY_SHAPE = ("crossentropy", "ce")
# The class counts equal numbers; the word "accuracy" is another metric.
_EXACT = {"Accuracy": "exact_accuracy"}
_SHORT_METRICS = {
    "acc": "accuracy",
    "bce": "binary_crossentropy",
    "mse": "mean_squared_error",
    "mae": "mean_absolute_error",
    "mape": "mean_absolute_percentage_error",
    "msle": "mean_squared_logarithmic_error",
    "cosine": "cosine_similarity",
    "top_k_accuracy": "top_k_categorical_accuracy",
}


def loss_facts(loss, output_shape: tuple[int | None, ...], target_shape=None) -> Loss | None:
    """Returns facts of a loss.

    Args:
        loss: What `compile` was given for an output: a name, a function or a `keras.losses.Loss`.
        output_shape: The shape of a sample's output.
        target_shape: The shape of a sample's target, if it is known.

    Example:

    >>> loss_facts("mse", (1,)).kind
    'mean_squared_error'
    >>> loss_facts(keras.losses.BinaryCrossentropy(from_logits=True), (1,)).from_logits
    True
    """
    return None if loss is None else _keras_loss(loss, output_shape, target_shape)


def _keras_loss(loss, output_shape, target_shape) -> Loss:
    if isinstance(loss, str) and loss.lower() in _BY_SHAPE:
        return Loss(_crossentropy(output_shape, target_shape), loss, from_logits=False)
    if isinstance(loss, ClassLoss):
        inner = _keras_loss(loss.loss, output_shape, target_shape)
        return replace(inner, name=loss.name, any_encoding=True)
    options: dict[str, Any] = {}
    function, name = loss, loss if isinstance(loss, str) else None
    if isinstance(loss, str):
        try:
            function = keras.losses.get(loss)
        except ValueError:
            return Loss("custom", loss)
    while isinstance(function, functools.partial):
        options = {**function.keywords, **options}
        function = function.func
    if inspect.isclass(function):
        return Loss("custom", function.__name__)
    if isinstance(function, keras.losses.Loss):
        options = {key: _option(function, key) for key in ("from_logits", "label_smoothing")}
        name = name or type(function).__name__
        function = getattr(function, "fn", function)
    if name is None:
        name = str(getattr(function, "__name__", type(function).__name__))
    kind = _canonical(function)
    return Loss(kind, name, _from_logits(kind, options), float(options.get("label_smoothing") or 0))


def metric_name(metric) -> str:
    """Returns the canonical name of a metric.

    Args:
        metric: A name, a function, a `keras.metrics.Metric`, or what `get_compile_config` makes of
            one.

    Example:

    >>> metric_name("acc"), metric_name(keras.metrics.MeanAbsoluteError())
    ('accuracy', 'mean_absolute_error')
    """
    if isinstance(metric, dict):
        inner = metric.get("config")
        if metric.get("class_name") == "ClassMetric" and isinstance(inner, dict):
            return metric_name(inner["metric"])
        if metric.get("class_name") == "function" and isinstance(inner, str):
            metric = inner
        else:
            metric = _EXACT.get(str(metric.get("class_name")), str(metric.get("class_name")))
    elif isinstance(metric, keras.metrics.Metric):
        kind = type(getattr(metric, "metric", metric)).__name__
        metric = _EXACT.get(kind, kind)
    elif not isinstance(metric, str):
        metric = getattr(metric, "__name__", type(metric).__name__)
    name = _snake(metric)
    return _SHORT_METRICS.get(name, name)


def _option(loss: keras.losses.Loss, name: str):
    """Returns an option of a loss: not every one keeps it as an attribute, nor has a config."""
    if (value := getattr(loss, name, None)) is not None:
        return value
    try:
        return loss.get_config().get(name)
    except Exception:  # A loss of a user's own may raise what it likes.
        return None


def _canonical(function) -> str:
    """Returns the name of one of Keras's functions, `"custom"` for another."""
    name = getattr(function, "__name__", None)
    return name if name and getattr(keras.losses, name, None) is function else "custom"


def _from_logits(kind: str, options: dict[str, Any]) -> bool | None:
    given = options.get("from_logits")
    if given is None:
        return False if "crossentropy" in kind else None
    return bool(given)


def _crossentropy(output_shape, target_shape) -> str:
    """Returns which cross-entropy Keras chooses by shapes."""
    if output_shape[-1:] == (1,):
        return "binary_crossentropy"
    if target_shape is None or len(target_shape) >= len(output_shape) and target_shape[-1] != 1:
        return "categorical_crossentropy"
    return "sparse_categorical_crossentropy"


def _snake(name: str) -> str:
    words = re.sub(r"([A-Z]+)([A-Z][a-z])", r"\1_\2", name)
    return re.sub(r"([a-z0-9])([A-Z])", r"\1_\2", words).lower()
