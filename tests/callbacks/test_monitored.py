"""Which values of a monitored quantity are better."""

import inspect

import keras
import numpy as np
import pytest

from kerasrecipes.base.private.metrics import compiled_metrics, metric_direction
from kerasrecipes.callbacks.monitored import better, better_in
from kerasrecipes.metrics import ClassMetric

OPTIONS = {
    "BinaryIoU": {},
    "IoU": {"num_classes": 2, "target_class_ids": [0]},
    "MeanIoU": {"num_classes": 2},
    "OneHotIoU": {"num_classes": 2, "target_class_ids": [0]},
    "OneHotMeanIoU": {"num_classes": 2},
    "PrecisionAtRecall": {"recall": 0.5},
    "RecallAtPrecision": {"precision": 0.5},
    "SensitivityAtSpecificity": {"specificity": 0.5},
    "SpecificityAtSensitivity": {"sensitivity": 0.5},
}
ERRORS = {
    "BinaryCrossentropy", "CategoricalCrossentropy", "CategoricalHinge", "FalseNegatives",
    "FalsePositives", "Hinge", "KLDivergence", "LogCoshError", "MeanAbsoluteError",
    "MeanAbsolutePercentageError", "MeanSquaredError", "MeanSquaredLogarithmicError", "Poisson",
    "RootMeanSquaredError", "SparseCategoricalCrossentropy", "SquaredHinge",
}  # fmt: skip
# What these are better at depends on what they are given.
UNKNOWN = {"Mean", "MeanMetricWrapper", "Metric", "Sum"}
METRICS = {
    name for name, metric in inspect.getmembers(keras.metrics, inspect.isclass)
    if issubclass(metric, keras.metrics.Metric)
} - UNKNOWN  # fmt: skip
UNCLEAR = "'.*' is better when larger or when smaller: give `mode` as 'max' or 'min', or monitor"


@pytest.mark.parametrize("name", sorted(METRICS - {"MeanRelativeError"}))
def test_every_metric_of_keras_tells_by_any_name(name):
    metric = getattr(keras.metrics, name)(**OPTIONS.get(name, {}), name="brier")
    expected = "min" if name in ERRORS else "max"
    assert better([metric], "val_brier") == expected
    assert better([metric], "brier") == expected
    assert better([ClassMetric(metric)], "val_brier") == expected
    with pytest.raises(ValueError, match=UNCLEAR):
        better([metric], "val_accuracy_of_others")


@pytest.mark.parametrize("metric", [keras.metrics.Mean(name="gap"), keras.metrics.Sum(name="gap")])
def test_what_no_metric_tells_is_refused_and_mode_settles_it(metric):
    with pytest.raises(ValueError, match=UNCLEAR):
        better([metric], "val_gap")
    assert [better([metric], "val_gap", mode) for mode in ("min", "max")] == ["min", "max"]


def test_a_metric_without_the_private_direction_is_refused():
    metric = keras.metrics.Recall()
    assert metric_direction(metric) == "max"
    del metric._direction
    with pytest.raises(ValueError, match=UNCLEAR):
        better([metric], "recall")


def test_loss_and_accuracy_are_known_without_a_metric():
    assert better([], "val_loss") == better([], "loss") == "min"
    assert better(["accuracy"], "val_accuracy") == better([], "acc") == "max"


@pytest.mark.parametrize("name", ["error", "loss", "1", "b c"])
def test_the_name_of_a_class_tells_nothing(name):
    for metric, expected in ((keras.metrics.F1Score(), "max"), (keras.metrics.Hinge(), "min")):
        of_classes = ClassMetric(metric, ["error", "loss", "1", "b c"])
        assert better([of_classes], f"val_{metric.name}_{name}") == expected
        with pytest.raises(ValueError, match=UNCLEAR):
            better([of_classes], f"val_{metric.name}_other")


class Squares(keras.losses.Loss):
    def call(self, y_true, y_pred):
        return keras.ops.mean((y_true - y_pred) ** 2, axis=-1)


def test_the_quantities_that_a_model_logs():
    x = keras.Input((1,))
    outputs = [keras.layers.Dense(1, name=name)(x) for name in ("first", "loss_like")]
    model = keras.Model(x, outputs)
    model.compile(
        "sgd", ["mse", "mae"], metrics=[["mae", Squares()], [keras.metrics.R2Score()]],
        weighted_metrics=[["mae"], []],
    )  # fmt: skip
    ones = np.ones((2, 1), "float32")
    logged = model.evaluate(ones, [ones, ones], verbose=0, return_dict=True)
    directions = {name: better_in(model, f"val_{name}") for name in logged}
    assert len(directions) == 7
    assert {name for name, each in directions.items() if each == "max"} == {"loss_like_r2_score"}
    assert len(compiled_metrics(model)) > 3


@pytest.mark.parametrize("metric", [keras.metrics.F1Score, keras.metrics.MeanAbsoluteError])
def test_callbacks_of_keras_read_the_direction_of_a_wrapped_metric(metric):
    average = {"average": "macro"} if metric is keras.metrics.F1Score else {}
    model = keras.Sequential([keras.Input((2,)), keras.layers.Dense(2)])
    model.compile("sgd", "mse", metrics=[ClassMetric(metric(**average), name="score")])
    stopping = keras.callbacks.EarlyStopping("score")
    model.fit(np.ones((2, 2)), np.eye(2), callbacks=[stopping], verbose=0)
    expected = keras.ops.greater if average else keras.ops.less
    assert stopping.monitor_op == expected
