"""Logged quantities that callbacks monitor, and which of their values are better."""

import re
from collections.abc import Iterable, Iterator, Mapping

import keras

from kerasrecipes.base.checks import nearest
from kerasrecipes.base.private.metrics import compiled_metrics, metric_direction
from kerasrecipes.metrics import ClassMetric

MODES = ("auto", "min", "max")

# Quantities that are known without a metric, as "accuracy" is before a model is trained.
_KNOWN = {"loss": "min", "accuracy": "max", "acc": "max"}

# Keras says of these metrics neither that they are better when larger nor when smaller.
_COUNTS = {
    keras.metrics.TruePositives: "max",
    keras.metrics.TrueNegatives: "max",
    keras.metrics.FalsePositives: "min",
    keras.metrics.FalseNegatives: "min",
}


def monitored_value(monitor: str, logs: Mapping | None) -> float:
    """Returns the logged value of `monitor`.

    Raises:
        ValueError: If it is not logged. The message names the nearest quantity.
    """
    logs = logs or {}
    if monitor not in logs:
        raise ValueError(
            f"`monitor` must be one of {', '.join(sorted(logs))}."
            f"{nearest(monitor, logs)} Received: monitor={monitor!r}"
        )
    return float(logs[monitor])


def better_in(model: keras.Model, monitor: str, mode: str = "auto") -> str:
    """Returns which values of a quantity that a model logs are better: `"min"` or `"max"`.

    Args:
        model: A compiled model that has been trained or evaluated.
        monitor: The name of the quantity.
        mode: `"min"` or `"max"`, which is returned, or `"auto"` for what the metric says.

    Raises:
        ValueError: If `mode` is `"auto"` and no metric of the model tells.
    """
    outputs = model.output_names if len(getattr(model, "output_names", None) or []) > 1 else []
    return better(compiled_metrics(model), monitor, mode, outputs)


def better(
    metrics: Iterable[str | keras.metrics.Metric],
    monitor: str,
    mode: str = "auto",
    outputs: Iterable[str] = (),
) -> str:
    """Returns which values of a quantity are better; see `better_in`.

    Args:
        metrics: The metrics that log the quantity. Those that are given by a name are left out.
        monitor: The name of the quantity.
        mode: As in `better_in`.
        outputs: The names of the outputs of a model with several, which Keras writes before those
            of their metrics.
    """
    if mode != "auto":
        return mode
    objects = [metric for metric in metrics if isinstance(metric, keras.metrics.Metric)]
    for name in _names(monitor, outputs):
        if name in _KNOWN:
            return _KNOWN[name]
        logging = [m for m in objects if m.name == name] or [m for m in objects if _has(m, name)]
        directions = {direction_of(metric) for metric in logging}
        if len(directions) == 1 and (direction := directions.pop()):
            return direction
    raise ValueError(
        f"Nothing tells whether {monitor!r} is better when larger or when smaller: give `mode` as "
        "'max' or 'min', or monitor another quantity, such as 'val_loss'. "
        f"Received: monitor={monitor!r}, mode='auto'"
    )


def _names(monitor: str, outputs: Iterable[str]) -> Iterator[str]:
    """Yields the names that the metric behind a quantity may have."""
    name = monitor.removeprefix("val_")
    for prefix in ("", *(f"{output}_" for output in outputs)):
        if name.startswith(prefix):
            within = name.removeprefix(prefix)
            yield within
            # Keras's names for a second metric of the same name.
            yield re.sub(r"_\d+$", "", within.removeprefix("weighted_"))


def _has(metric: keras.metrics.Metric, name: str) -> bool:
    """Returns whether a metric logs one number for each class, and one under this name."""
    names = (getattr(metric, "class_names", None) or ()) if isinstance(metric, ClassMetric) else ()
    return name in [f"{metric.name}_{each}" for each in names]


def direction_of(metric: keras.metrics.Metric) -> str | None:
    """Returns `"min"` or `"max"` for the better values of a metric, or `None` if nothing tells."""
    inner = metric.metric if isinstance(metric, ClassMetric) else metric
    counted = [better for count, better in _COUNTS.items() if isinstance(inner, count)]
    return counted[0] if counted else metric_direction(inner)
