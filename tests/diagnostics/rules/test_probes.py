from dataclasses import replace

import pytest

from kerasrecipes.diagnostics.record.data_facts import Data, Values
from kerasrecipes.diagnostics.record.model_facts import Layer, Output
from kerasrecipes.diagnostics.record.probes import Predictions
from kerasrecipes.diagnostics.record.series import Series
from kerasrecipes.diagnostics.rules.divergence import first_bad_layer, loss_not_finite
from kerasrecipes.diagnostics.rules.judging import judged
from kerasrecipes.diagnostics.rules.probes import (
    majority_collapse,
    output_range_too_small,
    train_inference_mismatch,
)
from tests.diagnostics.rules.looked_at import COLLAPSED, GOOD, layer, look, record

pytestmark = pytest.mark.backend_neutral

HIDDEN = [layer("a"), layer("b")]
BAD = {"mean": None, "std": None, "sample_std": None, "finite": False}


def _ids(rule, *arguments, **parts):
    return [(each.id, each.severity) for each in rule.judge(record(*arguments, **parts))]


def _output(**options):
    return Output(
        **{"name": "last", "shape": (2,), "activation": "softmax", "layer": "last", **options}
    )


@pytest.mark.parametrize(
    ("counts", "answer", "expected"),
    [
        ((61, 39), COLLAPSED, [("majority_collapse", "note")]),
        ((60, 40), COLLAPSED, []),
        ((90, 10), replace(COLLAPSED, top_share=0.94), []),
        ((90, 10), replace(COLLAPSED, target_top_share=0.81, accuracy=0.81), []),
        ((90, 10), replace(COLLAPSED, accuracy=0.56), []),
        ((90, 10), Predictions(std=0.0), []),
    ],
)
def test_one_class_for_all_is_told_of_uneven_classes(counts, answer, expected):
    looks = [look(0, {"a": {}}, GOOD), look(50, {"a": {}}, COLLAPSED), look(100, {"a": {}}, answer)]
    outputs = (_output(targets=Values((), "int64", 100, class_counts=counts)),)
    assert _ids(majority_collapse, HIDDEN, looks, outputs=outputs) == expected


def test_a_look_before_at_which_classes_differed_clears():
    uneven = Values((), "int64", 100, class_counts=(90, 10))
    looks = [look(0, {"a": {}}, GOOD), look(50, {"a": {}}, GOOD), look(100, {"a": {}})]
    two, one = ((_output(shape=(units,), targets=uneven),) for units in (2, 1))
    assert _ids(majority_collapse, HIDDEN, looks, outputs=two) == []
    looks = [look(0, {"a": {}}), look(100, {"a": {}})]
    assert _ids(majority_collapse, HIDDEN, looks, outputs=two)
    # A softmax over one unit is another illness.
    assert _ids(majority_collapse, HIDDEN, looks, outputs=one) == []


@pytest.mark.parametrize(
    ("activation", "answers", "targets", "found"),
    [
        ("sigmoid", (0.95, 1.0), (0.0, 9.0), True),
        ("sigmoid", (0.94, 1.0), (0.0, 9.0), False),
        ("sigmoid", (0.95, 1.0), (0.0, 1.0), False),
        ("relu", (0.0, 0.05), (-3.0, 3.0), True),
        ("relu", (0.0, 0.06), (-3.0, 3.0), False),
        ("relu", (0.0, 0.0), (0.0, 3.0), False),
        ("tanh", (-1.0, -0.95), (-3.0, 0.0), True),
        ("linear", (0.0, 0.0), (-3.0, 3.0), False),
    ],
)
def test_answers_stick_to_the_end_of_the_range_that_targets_lie_beyond(
    activation, answers, targets, found
):
    values = Values((), "float32", 100, minimum=targets[0], maximum=targets[1])
    outputs = (_output(activation=activation, targets=values),)
    looks = [look(0, {"a": {}}), look(100, {"a": {}}, Predictions(*answers))]
    expected = [("output_range_too_small", "error")] if found else []
    assert _ids(output_range_too_small, HIDDEN, looks, outputs=outputs) == expected


NORM = Layer("norm", "BatchNormalization", parameters=8, momentum=0.99)


@pytest.mark.parametrize(
    ("layers", "accuracy", "loss", "expected"),
    [
        (HIDDEN, 0.59, 2.1, [("train_inference_mismatch", "warning")]),
        (HIDDEN, 0.61, 2.1, []),
        (HIDDEN, 0.9, 5.1, [("train_inference_mismatch", "warning")]),
        (HIDDEN, 0.59, 1.9, []),
        (HIDDEN, None, 5.1, [("train_inference_mismatch", "warning")]),
        (HIDDEN, None, 4.9, []),
        (
            [NORM],
            0.59,
            2.1,
            [("stale_statistics", "warning"), ("train_inference_mismatch", "note")],
        ),
    ],
)
def test_inference_is_far_worse_than_training_on_training_samples(layers, accuracy, loss, expected):
    answer = Predictions(std=1.0, accuracy=accuracy)
    looks = [look(0, {"a": {}}), *(look(step, {"a": {}}, answer, loss) for step in (10, 20))]
    series = Series({"loss": [1.0, 1.0], "accuracy": [0.9, 0.9]})
    assert _ids(train_inference_mismatch, layers, looks, series=series) == expected
    weighted = Data(class_weights=True)  # The loss on the batch is not.
    assert _ids(train_inference_mismatch, layers, looks, series=series, data=weighted) == []


def test_a_loss_that_is_small_beside_the_first_one_may_be_an_outliers():
    answer = Predictions(std=1.0, accuracy=1.0)
    series = Series({"loss": [0.01], "accuracy": [1.0]})
    for loss, found in ((0.59, False), (0.61, True)):
        looks = [look(0, {"a": {}}, GOOD, 2.0), look(10, {"a": {}}, answer, loss)]
        assert bool(_ids(train_inference_mismatch, HIDDEN, looks, series=series)) is found


def test_one_bad_look_of_two_is_no_mismatch():
    answer = Predictions(std=1.0, accuracy=0.1)
    looks = [look(10, {"a": {}}, GOOD, 0.5), look(20, {"a": {}}, answer, 9.0)]
    series = Series({"loss": [1.0, 1.0], "accuracy": [0.9, 0.9]})
    assert _ids(train_inference_mismatch, HIDDEN, looks, series=series) == []


@pytest.mark.parametrize(("steps", "confidence"), [(10, 0.8), (230, 0.6)])
def test_few_steps_make_stale_statistics_more_likely(steps, confidence):
    answer = Predictions(std=1.0, accuracy=0.1)
    looks = [look(0, {"a": {}}), look(steps, {"a": {}}, answer, 9.0)]
    series = Series({"loss": [1.0] * 30, "accuracy": [0.9] * 30})
    found = next(iter(train_inference_mismatch.judge(record([NORM], looks, series=series))))
    assert (found.id, found.confidence) == ("stale_statistics", confidence)


def test_epochs_are_counted_from_where_fit_began():
    answer = Predictions(std=1.0, accuracy=0.1)
    looks = [
        replace(look(0, {"a": {}}), epoch=7),
        replace(look(10, {"a": {}}, answer, 9.0), epoch=8),
    ]
    series = Series({"loss": [1.0], "accuracy": [0.9]})
    assert _ids(train_inference_mismatch, HIDDEN, looks, series=series)


DIVERGED = Series({"loss": [1.0, None]}, bad_step=15)


def test_a_loss_that_is_not_finite_has_a_cause_and_its_likely_kinds():
    looks = [look(0, {"a": {}, "b": {"gradient_norm": 7.0}}), look(15, {"a": BAD, "b": BAD})]
    found = list(loss_not_finite.judge(record(HIDDEN, looks, series=DIVERGED)))
    assert [(each.id, each.severity) for each in found] == [
        ("loss_not_finite", "error"),
        ("learning_rate_too_high", "warning"),
    ]
    assert found[0].evidence["cause"] == "explosion"
    assert (found[0].evidence["step"], found[0].evidence["epoch"]) == (15, 2)
    assert found[1].evidence["largest_gradient_in"] == "b"
    assert "0.001" in found[1].sentence
    healthy = record(HIDDEN, looks[:1])
    assert list(loss_not_finite.judge(healthy)) == []


@pytest.mark.parametrize(("activation", "confidence"), [("relu", 0.8), ("tanh", 0.55)])
def test_a_recurrent_layer_explodes(activation, confidence):
    recurrent = Layer("rnn", "LSTM", activation=activation, parameters=9)
    looks = [look(0, {"rnn": {}})]
    _, found, rate = loss_not_finite.judge(record([recurrent], looks, series=DIVERGED))
    assert (found.id, found.confidence) == ("exploding_gradient", confidence)
    assert found.evidence["layer"] == "rnn"
    assert ("relu" in found.sentence) == (activation == "relu")
    assert rate.severity == "note"


@pytest.mark.parametrize("place", ["inputs", "targets"])
def test_bad_data_are_the_cause_if_there_are_any(place):
    values = Values((2,), "float32", 100, finite_fraction=0.99)
    looks = [look(0, {"a": BAD})]
    data = Data(inputs=(values,) if place == "inputs" else ())
    outputs = (_output(targets=values if place == "targets" else None),)
    [found] = loss_not_finite.judge(
        record(HIDDEN, looks, series=DIVERGED, data=data, outputs=outputs)
    )
    assert found.evidence["cause"] == "data"
    assert "NaN or infinities in the data" in found.sentence


def test_what_was_bad_before_the_first_step_is_a_computation():
    looks = [look(0, {"a": {}, "b": BAD})]
    [found] = loss_not_finite.judge(record(HIDDEN, looks, series=DIVERGED))
    assert (found.evidence["cause"], found.evidence["layer"]) == ("computation", "b")
    assert "log" in found.remedy


def test_the_first_bad_layer_is_the_one_with_bad_weights_if_others_are_good():
    weights = {**BAD, "weight_norm": None}
    good = look(0, {"a": {}, "b": {}})
    assert first_bad_layer(record(HIDDEN, [good])) is None
    assert first_bad_layer(record(HIDDEN, [good, look(9, {"a": BAD, "b": weights})])) == "b"
    all_bad = look(9, {"a": weights, "b": weights})
    assert first_bad_layer(record(HIDDEN, [good, all_bad])) is None
    # Bad gradients alone do not make a layer the first.
    gradient = {"gradient_norm": None, "finite": False}
    assert first_bad_layer(record(HIDDEN, [look(0, {"a": gradient, "b": BAD})])) == "b"


def test_a_healthy_training_is_silent():
    healthy = {"a": {"dead_fraction": 0.4, "update_ratio": 0.001}, "b": {"dead_fraction": 0.2}}
    looks = [look(0, healthy), look(50, healthy, GOOD, 0.5), look(100, healthy, GOOD, 0.3)]
    series = Series({"loss": [0.6] * 10, "accuracy": [0.9] * 10}, planned_epochs=10)
    found = judged(record(HIDDEN, looks, series=series))
    ours = ("loss_not_finite", "dying_relu", "majority_collapse", "train_inference_mismatch")
    assert not [each for each in found.findings if each.id in ours]
    assert {"Is the loss finite at each step?", "Do gradients keep their size?"} <= set(
        found.passed
    )
