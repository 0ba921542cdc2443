"""Private names of Keras in metrics."""

import keras


def metric_direction(metric) -> str | None:
    """Returns `"max"` if a metric is better when larger, `"min"` if when smaller, else `None`.

    Uses: `Metric._direction`, and `MeanMetricWrapper._fn`, the loss that is used as a metric.

    Reason: Keras's metrics know which of their values are better, but nothing public tells. Names
    do not tell either: `MeanAbsoluteError(name="brier")`.

    Fallback: `None`, and users have to give the direction as `mode`. Keras itself does not set the
    direction of every metric.

    Test: `tests/callbacks/test_monitored.py`.
    """
    if isinstance(getattr(metric, "_fn", None), keras.losses.Loss):
        return "min"
    return {"up": "max", "down": "min"}.get(getattr(metric, "_direction", ""))


def copy_direction(metric, wrapper) -> None:
    """Lets Keras's own callbacks read the direction of a metric from a wrapper of it.

    Uses: `Metric._direction`.

    Reason: with `mode="auto"`, `EarlyStopping` and its like refuse a metric without it.

    Fallback: that refusal, whose message asks for `mode`.

    Test: `tests/callbacks/test_monitored.py`.
    """
    if hasattr(metric, "_direction"):
        wrapper._direction = metric._direction


def better_when_smaller(metric) -> None:
    """Lets Keras's own callbacks know that a metric of ours is better when smaller.

    Uses: `Metric._direction`.

    Reason: with `mode="auto"`, `EarlyStopping` and its like refuse a metric without it.

    Fallback: that refusal, whose message asks for `mode`.

    Test: `tests/metrics/test_probability_metrics.py`.
    """
    metric._direction = "down"


def better_when_larger(metric) -> None:
    """Lets Keras's own callbacks know that a metric of ours is better when larger.

    Uses: `Metric._direction`.

    Reason: with `mode="auto"`, `EarlyStopping` and its like refuse a metric without it.

    Fallback: that refusal, whose message asks for `mode`.

    Test: `tests/metrics/test_confusion_metrics.py`.
    """
    metric._direction = "up"


def compiled_metrics(model) -> list[keras.metrics.Metric]:
    """Returns the metrics that a model was compiled with, once it has been trained or evaluated.

    Uses: `CompileMetrics`, the metric among `Model.metrics` that holds them in its own `metrics`.

    Reason: `Model.metrics` of Keras 3 has one object for all metrics of `compile`.

    Fallback: the metrics that `Model.metrics` has itself.

    Test: `tests/callbacks/test_monitored.py`.
    """
    return [inner for metric in model.metrics for inner in getattr(metric, "metrics", [metric])]
