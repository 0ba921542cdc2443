"""Rules of short trainings, on results as they come, healthy and not."""

from dataclasses import replace

import pytest

from kerasrecipes.diagnostics.record.data_facts import Data, Values
from kerasrecipes.diagnostics.record.model_facts import Layer, Loss, Model, Optimizer, Output
from kerasrecipes.diagnostics.record.record import Record
from kerasrecipes.diagnostics.record.series import Series
from kerasrecipes.diagnostics.record.trials import (
    Attempt,
    Controls,
    GradientError,
    InitialLoss,
    Modes,
    Overfit,
    Trials,
)
from kerasrecipes.diagnostics.rules.trials.collected import RULES

pytestmark = pytest.mark.backend_neutral

LN10 = 2.302585
LAYERS = (
    Layer("hidden", "Dense", units=64, activation="relu"),
    Layer("last", "Dense", units=10, activation="softmax"),
)
FEW = Overfit(
    samples=20,
    steps=120,
    first_loss=2.4,
    last_loss=0.2,
    constant_loss=LN10,
    accuracy=1.0,
    learning_rate=0.001,
    attempts=(Attempt("Adam", 0.001, 120, 0.2),),
    inference_loss=0.2,
)
HEALTHY = Record(
    model=Model("Sequential", LAYERS, 5000, 5000),
    outputs=(
        Output(
            "last",
            (10,),
            "softmax",
            "last",
            Loss("sparse_categorical_crossentropy", "sparse_categorical_crossentropy", False),
        ),
    ),
    optimizer=Optimizer("Adam", 0.001),
    data=Data(
        "arrays",
        1000,
        32,
        32,
        inputs=(Values((64,), "float32", 1000, minimum=0.0, maximum=1.0, std=0.4),),
    ),
    series=Series(planned_epochs=10),
    trials=Trials(
        InitialLoss(2.4, LN10, "ln 10"),
        FEW,
        Controls(100, 1.2, 2.31, 2.33, 0.2, 40, 20.0),
        Modes(1.9, 1.8, 0.05, 10, 1.8),
        gradients=(GradientError("hidden", "kernel", 4, 1e-9),),
    ),
)


def found(record):
    return [
        finding for rule in RULES if rule.missing(record) is None for finding in rule.judge(record)
    ]


def ids(record):
    return [finding.id for finding in found(record)]


def with_trials(record=HEALTHY, **changes):
    return replace(record, trials=replace(record.trials, **changes))


def with_few(record=HEALTHY, **changes):
    return with_trials(record, overfit=replace(record.trials.overfit, **changes))


def test_a_healthy_one_is_silent_and_all_rules_run():
    assert ids(HEALTHY) == []
    assert all(rule.missing(HEALTHY) is None for rule in RULES)
    assert len({rule.question for rule in RULES}) == len(RULES)


def test_first_losses():
    assert ids(with_trials(initial_loss=InitialLoss(6.2, LN10, "ln 10"))) == []
    far = with_trials(initial_loss=InitialLoss(138.0, LN10, "ln 10"))
    assert ids(far) == ["bad_initialization"]
    assert not found(far)[0].is_alarm
    large = Values((64,), "float32", 1000, minimum=0.0, maximum=255.0)
    unscaled = replace(far, data=replace(far.data, inputs=(large,)))
    assert ids(unscaled) == ["inputs_not_scaled"]
    assert "0 and 1" in found(unscaled)[0].sentence
    embedded = replace(unscaled.model, layers=(Layer("tokens", "Embedding"), *LAYERS))
    assert ids(replace(unscaled, model=embedded)) == ["bad_initialization"]
    [nan] = found(with_trials(initial_loss=InitialLoss(None, LN10, "ln 10")))
    assert (nan.id, nan.severity) == ("loss_not_finite", "error")
    numbers = InitialLoss(1e6, 1.0, "the targets' variance")
    assert ids(with_trials(initial_loss=numbers)) == []


def test_an_output_that_does_not_fit_is_for_other_rules():
    far = with_trials(initial_loss=InitialLoss(138.0, LN10, "ln 10"))
    sigmoid = replace(far.outputs[0], activation="sigmoid")
    assert ids(replace(far, outputs=(sigmoid,))) == []


def test_penalties():
    heavy = with_trials(initial_loss=InitialLoss(2.4, LN10, "ln 10", 83.0))
    assert [(f.id, f.severity) for f in found(heavy)] == [("regularization_too_strong", "note")]
    stuck = with_few(heavy, last_loss=2.0, attempts=(Attempt("Adam", 0.001, 200, 1.2),))
    assert [(f.id, f.severity) for f in found(stuck)] == [("regularization_too_strong", "warning")]
    usual = with_trials(initial_loss=InitialLoss(2.4, LN10, "ln 10", 7.0))
    assert ids(usual) == []


def test_directions():
    [finding] = found(with_few(rising=True))
    assert (finding.id, finding.severity) == ("wrong_direction", "error")
    assert ids(with_few(rising=False)) == []
    custom = replace(HEALTHY.outputs[0], loss=Loss("custom", "mine"))
    negated = with_few(
        replace(HEALTHY, outputs=(custom,)),
        first_loss=-2.0,
        last_loss=-1e6,
        constant_loss=None,
        first_error=1.0,
        last_error=900.0,
        attempts=(Attempt("Adam", 0.001, 200, -1e6),),
    )
    assert "wrong_direction" in ids(negated)
    # Logits go away from 0 and 1 as the loss falls.
    assert ids(with_few(first_error=0.5, last_error=9.0)) == []


TOO_LOW = (
    Attempt("SGD", 1e-5, 200, 2.3995),
    Attempt("SGD", 1e-4, 200, 2.395),
    Attempt("SGD", 1e-3, 200, 2.35),
    Attempt("Adam", 0.003, 60, 0.1),
)


def test_rates_that_are_too_low():
    [finding] = found(with_few(attempts=TOO_LOW))
    assert (finding.id, finding.severity) == ("learning_rate_too_low", "warning")
    assert "Adam at 0.003" in finding.sentence
    long = replace(HEALTHY, series=Series(planned_epochs=100_000))
    assert [f.severity for f in found(with_few(long, attempts=TOO_LOW))] == ["note"]
    unknown = replace(HEALTHY, series=None)
    assert [f.severity for f in found(with_few(unknown, attempts=TOO_LOW))] == ["warning"]
    scheduled = replace(HEALTHY, optimizer=Optimizer("SGD", 1e-5, schedule="CosineDecay"))
    assert [f.severity for f in found(with_few(scheduled, attempts=TOO_LOW))] == ["note"]


def test_slow_is_not_too_low():
    slow = (Attempt("SGD", 0.01, 200, 2.0), Attempt("SGD", 0.1, 150, 0.2))
    assert ids(with_few(attempts=slow)) == []


@pytest.mark.parametrize("own", [None, 40.0, 2.3])
def test_rates_that_are_too_high(own):
    attempts = (
        Attempt("SGD", 10.0, 200, own),
        Attempt("SGD", 1.0, 200, 2.3),
        Attempt("SGD", 0.1, 80, 0.2),
    )
    [finding] = found(with_few(attempts=attempts))
    assert (finding.id, finding.severity) == ("learning_rate_too_high", "warning")


def test_answers_that_are_wrong_where_the_loss_is_low():
    assert ids(with_few(accuracy=0.5)) == ["output_loss_mismatch"]
    # In inference mode, statistics lag behind.
    assert ids(with_few(accuracy=0.5, inference_loss=1.8)) == []


STUCK = {
    "last_loss": 2.28,
    "inference_loss": 2.28,
    "accuracy": 0.1,
    "attempts": tuple(Attempt("Adam", rate, 200, 2.28) for rate in (1e-3, 1e-2, 1e-4, 3e-3)),
}


NARROW = Layer("a", "Dense", units=1, activation="relu")


def model_of(*layers):
    return replace(HEALTHY, model=Model("Sequential", (*layers, LAYERS[-1]), 100, 100))


@pytest.mark.parametrize(
    ("record", "kind", "severity"),
    [
        (HEALTHY, "capacity_too_small", "note"),
        (
            model_of(Layer("a", "Dense", units=1, activation="relu")),
            "capacity_too_small",
            "warning",
        ),
        (
            model_of(*[Layer(f"{k}", "Dense", units=9, activation="tanh") for k in range(5)]),
            "vanishing_gradient",
            "warning",
        ),
        (
            model_of(Layer("a", "Dense", units=9, activation="linear")),
            "missing_nonlinearity",
            "warning",
        ),
        (
            model_of(Layer("a", "Dropout", dropout_rate=0.9), LAYERS[0]),
            "regularization_too_strong",
            "warning",
        ),
    ],
)
def test_what_keeps_a_model_from_learning(record, kind, severity):
    assert [(f.id, f.severity) for f in found(with_few(record, **STUCK))] == [(kind, severity)]


def test_units_that_may_be_dead():
    dead = {**STUCK, "last_loss": 2.4}
    assert "dying_relu" in ids(with_few(**dead))


def test_a_narrow_model_learns_some_samples():
    narrow = model_of(NARROW)
    some = tuple(Attempt("Adam", rate, 200, 1.4) for rate in (1e-3, 1e-2, 1e-4, 3e-3))
    assert ids(with_few(narrow, last_loss=1.4, attempts=some)) == ["capacity_too_small"]
    assert ids(with_few(last_loss=1.4, attempts=some)) == []


def test_losses_that_are_never_finite():
    attempts = tuple(replace(attempt, loss=None) for attempt in STUCK["attempts"])
    assert ids(with_few(last_loss=None, attempts=attempts)) == ["exploding_gradient"]


def test_large_targets_and_losses_without_a_known_floor_prove_nothing():
    targets = Values((1,), "float32", 1000, minimum=0.0, maximum=5e5)
    price = Output("last", (1,), "linear", "last", Loss("mean_squared_error", "mse"), (), targets)
    assert ids(with_few(replace(HEALTHY, outputs=(price,)), **STUCK)) == []
    custom = replace(HEALTHY.outputs[0], loss=Loss("custom", "mine"))
    falls = {**STUCK, "constant_loss": None, "accuracy": None}
    assert ids(with_few(replace(HEALTHY, outputs=(custom,)), **falls)) == []


def test_one_sample_leaves_nothing_to_learn():
    one = {"constant_loss": 0.0, "last_loss": 1e-9, "attempts": (Attempt("SGD", 0.1, 20, 1e-9),)}
    assert ids(with_few(**one)) == []


def test_modes():
    mismatch = with_trials(modes=Modes(2.0, 5.0, 0.0, 10, 5.0))
    assert ids(mismatch) == ["train_inference_mismatch"]
    dropout = with_trials(modes=Modes(5.0, 1.0, 0.5, 10, 1.0))
    assert ids(dropout) == []
    stale = with_trials(modes=Modes(1.0, 9.0, 0.0, 10, 1.0))
    assert ids(stale) == []
    normalized = replace(stale.model, layers=(Layer("n", "BatchNormalization", momentum=0.9999),))
    [finding] = found(replace(stale, model=normalized))
    assert finding.id == "stale_statistics"
    assert finding.evidence["planned_steps"] == 320
    usual = replace(stale.model, layers=(Layer("n", "BatchNormalization", momentum=0.99),))
    assert ids(replace(stale, model=usual)) == []


def test_controls():
    alike = Controls(100, 2.31, 2.30, 2.31, 0.2, 40, 0.5)
    assert ids(with_trials(controls=alike)) == ["labels_unrelated"]
    assert ids(with_trials(controls=replace(alike, relation=5.0))) == []
    assert ids(with_trials(controls=replace(alike, relation=None))) == []
    assert ids(with_trials(controls=replace(alike, loss=2.1))) == []
    assert ids(with_trials(controls=replace(alike, loss=None))) == []
    few = replace(with_trials(controls=alike), data=replace(HEALTHY.data, samples=100))
    assert ids(few) == []


def test_gradients():
    before = GradientError("first", "kernel", 4, 0.5, 0, 1.0, 2.0)
    behind = GradientError("last", "kernel", 4, 1e-9)
    [finding] = found(with_trials(gradients=(before, behind)))
    assert (finding.id, finding.where) == ("wrong_gradient", "first")
    alone = GradientError("mine", "input", 4, 0.3, 0, 3.0, 2.0, alone=True)
    [finding] = found(with_trials(gradients=(before, behind, alone)))
    assert finding.where == "mine"
    kinks = GradientError("first", "kernel", 4, 1e-3)
    assert ids(with_trials(gradients=(kinks, behind))) == []


def test_findings_are_plain():
    from kerasrecipes.diagnostics.findings.diagnosis import Diagnosis

    records = [with_few(attempts=TOO_LOW), with_few(accuracy=0.5), with_few(**STUCK)]
    for record in records:
        text = str(Diagnosis(tuple(found(record))).to_dict())
        assert "np." not in text
