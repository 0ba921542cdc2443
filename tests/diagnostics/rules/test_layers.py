from dataclasses import replace

import pytest

from kerasrecipes.diagnostics.record.probes import Predictions
from kerasrecipes.diagnostics.record.series import Series
from kerasrecipes.diagnostics.rules.gradients import (
    exploding_gradient,
    update_sizes,
    vanishing_gradient,
)
from kerasrecipes.diagnostics.rules.layers import (
    bad_initialization,
    dying_relu,
    saturating_activation,
)
from tests.diagnostics.rules.looked_at import COLLAPSED, GOOD, layer, look, record

pytestmark = pytest.mark.backend_neutral

HIDDEN = [layer("a"), layer("b")]
DEEP = [layer(name, "sigmoid") for name in "abcd"]
RECTIFIED = [layer(name, "relu") for name in "abcd"]


def _ids(rule, *arguments, **parts):
    return [(each.id, each.severity) for each in rule.judge(record(*arguments, **parts))]


def _looks(first: dict, last: dict, answer=COLLAPSED, losses=(1.0, 1.0)):
    return [look(0, first, losses and GOOD, losses[0]), look(100, last, answer, losses[1])]


@pytest.mark.parametrize(
    ("dead", "answer", "expected"),
    [
        (1.0, COLLAPSED, [("dying_relu", "error")]),
        (0.9, COLLAPSED, [("dying_relu", "warning")]),
        (0.89, COLLAPSED, []),
        (1.0, GOOD, []),  # It has learnt, by another way.
    ],
)
def test_a_dead_layer_is_told_if_nothing_is_learnt(dead, answer, expected):
    looks = _looks({"a": {}, "b": {"dead_fraction": 0.1}}, {"b": {"dead_fraction": dead}}, answer)
    assert _ids(dying_relu, HIDDEN, looks) == expected


def test_only_the_first_dead_layer_is_told_with_how_it_was_before():
    first = {"a": {"dead_fraction": 0.2}, "b": {"dead_fraction": 0.3}}
    last = {"a": {"dead_fraction": 1.0}, "b": {"dead_fraction": 1.0}}
    [finding] = dying_relu.judge(record(HIDDEN, _looks(first, last)))
    assert finding.evidence["layer"] == "a"
    assert finding.evidence["dead_fraction_before"] == 0.2
    assert "100% of the units of layer 'a' answer 0 to all 32 samples" in finding.sentence


def test_an_output_or_a_single_unit_is_dead_only_if_all_of_it_is():
    units = {"a": {}, "last": {"dead_fraction": 0.95}}
    assert _ids(dying_relu, HIDDEN, _looks(units, units)) == []
    units = {"a": {}, "last": {"dead_fraction": 1.0}}
    [finding] = dying_relu.judge(record(HIDDEN, _looks(units, units)))
    assert "the output layer" in finding.sentence


@pytest.mark.parametrize(
    ("before", "after", "answer", "found"),
    [
        (0.1, 0.7, COLLAPSED, True),
        (0.1, 0.69, COLLAPSED, False),
        (0.1, 0.7, GOOD, False),
        (0.7, 0.7, GOOD, True),  # So it was from the beginning: no training does that.
    ],
)
def test_a_flat_layer_is_told_if_nothing_is_learnt_or_it_was_so(before, after, answer, found):
    looks = _looks(
        {"a": {"saturated_fraction": before}}, {"a": {"saturated_fraction": after}}, answer
    )
    expected = [("saturating_activation", "warning")] if found else []
    assert _ids(saturating_activation, [layer("a", "tanh")], looks) == expected


def test_a_flat_output_layer_is_sure_not_ill():
    flat = {"a": {}, "last": {"saturated_fraction": 1.0}}
    assert _ids(saturating_activation, HIDDEN, _looks(flat, flat)) == []


def _gradients(first: float, last: float = 1.0):
    return {"a": {"gradient_norm": first}, "b": {}, "c": {}, "d": {"gradient_norm": last}}


@pytest.mark.parametrize(
    ("first", "answer", "confidence"),
    [
        (0.009, COLLAPSED, 0.65),
        (9e-4, COLLAPSED, 0.8),
        (0.0101, COLLAPSED, None),
        (9e-5, GOOD, None),
    ],
)
def test_a_gradient_that_is_lost_at_each_look_is_told(first, answer, confidence):
    looks = _looks(_gradients(first), _gradients(first), answer)
    found = [each.confidence for each in vanishing_gradient.judge(record(DEEP, looks))]
    assert found == ([] if confidence is None else [confidence])
    squashed = _ids(saturating_activation, DEEP, looks)
    assert squashed == ([("saturating_activation", "warning")] if confidence else [])


def test_a_gradient_that_is_lost_before_the_first_step_only_or_in_few_layers_is_not():
    start, later = _gradients(0.001), _gradients(0.5)
    assert _ids(vanishing_gradient, DEEP, _looks(start, later)) == []
    # It may come back after a long time, too late for this training.
    looks = [look(0, start), look(50, start), look(100, later)]
    assert _ids(vanishing_gradient, DEEP, looks) == [("vanishing_gradient", "warning")]
    few = {"a": {"gradient_norm": 1e-6}, "b": {}}
    assert _ids(vanishing_gradient, HIDDEN, _looks(few, few)) == []
    # What a converged model's layers get is noise.
    none = _gradients(1e-14, 1e-10)
    assert _ids(vanishing_gradient, DEEP, _looks(none, none)) == []


@pytest.mark.parametrize(
    ("after", "losses", "bad_step", "found"),
    [
        (10.0, (1.0, 2.1), None, True),
        (9.9, (1.0, 2.1), None, False),
        (10.0, (1.0, 1.9), None, False),
        (10.0, (1.0, 1.0), 101, True),
    ],
)
def test_a_gradient_explodes_if_it_grows_while_the_loss_rises(after, losses, bad_step, found):
    looks = _looks({"a": {"gradient_norm": 0.1}}, {"a": {"gradient_norm": after}}, losses=losses)
    series = Series({"loss": [1.0]}, bad_step=bad_step)
    expected = [("exploding_gradient", "warning")] if found else []
    assert _ids(exploding_gradient, HIDDEN, looks, series=series) == expected


def _spreads(factor: float):
    return {name: {"sample_std": factor**k} for k, name in enumerate("abcd")}


@pytest.mark.parametrize(
    ("factor", "answer", "expected"),
    [
        (0.2, COLLAPSED, [("bad_initialization", "warning")]),
        (0.2, GOOD, [("bad_initialization", "note")]),
        (0.33, COLLAPSED, []),
        (3.2, GOOD, [("bad_initialization", "note")]),
        (3.2, COLLAPSED, [("bad_initialization", "warning"), ("exploding_gradient", "warning")]),
        (3.0, COLLAPSED, []),
    ],
)
def test_a_signal_that_is_lost_or_swells_with_the_initial_weights_is_told(factor, answer, expected):
    looks = _looks(_spreads(factor), _spreads(1.0), answer)
    assert _ids(bad_initialization, RECTIFIED, looks) == expected
    # What it is after some training says nothing of the initial weights.
    later = [replace(each, step=each.step + 5) for each in looks]
    assert _ids(bad_initialization, RECTIFIED, later) == []


def test_sigmoids_shrink_a_signal_and_constant_weights_swell_it_with_any_rate():
    shrinking = _looks(_spreads(0.2), _spreads(1.0))
    assert _ids(bad_initialization, DEEP, shrinking) == []
    constant = [replace(each, kernel_constant=True) for each in RECTIFIED]
    swelling = _looks(_spreads(3.2), _spreads(1.0))
    assert _ids(bad_initialization, constant, swelling) == [("bad_initialization", "warning")]


@pytest.mark.parametrize(
    ("ratio", "losses", "expected"),
    [
        (9e-5, (1.0, 1.0), [("learning_rate_too_low", "warning")]),
        (1.1e-4, (1.0, 1.0), []),
        (0.11, (1.0, 1.1), [("learning_rate_too_high", "warning")]),
        (0.11, (1.0, 0.9), []),
        (0.09, (1.0, 1.1), []),
    ],
)
def test_steps_are_too_small_or_too_large_beside_the_weights(ratio, losses, expected):
    looks = _looks({"a": {}}, {"a": {"update_ratio": ratio}}, losses=losses)
    assert _ids(update_sizes, HIDDEN, looks) == expected
    assert _ids(update_sizes, HIDDEN, _looks({"a": {}}, {"a": {"update_ratio": ratio}}, GOOD)) == []


def test_where_there_is_no_gradient_the_rate_is_not_to_blame():
    still = {"a": {"update_ratio": 0.0, "gradient_norm": 0.0}}
    assert _ids(update_sizes, HIDDEN, _looks(still, still)) == []


@pytest.mark.parametrize(
    ("answer", "stuck"),
    [
        (Predictions(std=1.0, accuracy=0.6, target_top_share=0.5), False),
        (Predictions(std=1.0, accuracy=0.59, target_top_share=0.5), True),
        (Predictions(std=1.0, accuracy=1.0, target_top_share=0.95), False),
        (Predictions(std=1.0, correlation=-0.3), False),
        (Predictions(std=1.0, correlation=0.29), True),
        (Predictions(std=0.0), True),
    ],
)
def test_what_counts_as_learning_nothing(answer, stuck):
    dead = {"a": {"dead_fraction": 1.0}}
    assert bool(_ids(dying_relu, HIDDEN, _looks(dead, dead, answer))) is stuck


def test_without_answers_the_loss_tells():
    dead = {"a": {"dead_fraction": 1.0}}
    unknown = Predictions(std=1.0)
    for last, stuck in ((0.96, True), (0.94, False)):
        looks = _looks(dead, dead, unknown, (1.0, last))
        assert bool(_ids(dying_relu, HIDDEN, looks)) is stuck


@pytest.mark.parametrize(
    "rule",
    [dying_relu, saturating_activation, vanishing_gradient, exploding_gradient, update_sizes],
)
def test_one_look_is_no_trend(rule):
    assert rule.missing(record(HIDDEN, [look(0, {"a": {}})])) == "trend"
    assert bad_initialization.missing(record(HIDDEN, [])) == "looks"
    bad = look(10, {"a": {"mean": None, "finite": False}})
    assert rule.missing(record(HIDDEN, [look(0, {"a": {}}), bad])) == "trend"
