"""Each illness that curves show is found, and named first."""

import numpy as np
import pytest

from kerasrecipes.diagnostics.findings.finding import Finding
from kerasrecipes.diagnostics.record.data_facts import Data, Values
from kerasrecipes.diagnostics.record.model_facts import Loss, Output
from kerasrecipes.diagnostics.record.record import Record
from kerasrecipes.diagnostics.record.series import Series
from kerasrecipes.diagnostics.rules.curves.at_chance import guessed_classes
from kerasrecipes.diagnostics.rules.judging import judged
from tests.diagnostics.rules.curves.curves_of import EPOCHS, decay, findings_of, found, noisy


def first(curves, **arguments) -> Finding:
    return found(curves, **arguments)[0]


def is_first(kind, curves, *, is_alarm=True, **arguments):
    findings = found(curves, **arguments)
    assert findings, "nothing was found"
    assert findings[0].id == kind, findings
    assert findings[0].is_alarm is is_alarm
    return findings[0]


def test_a_loss_that_is_not_finite():
    finding = is_first("loss_not_finite", {"loss": [2.0, 1.5, np.nan, np.nan]})
    assert finding.evidence["epoch"] == 3
    assert "in epoch 3, after 1.5" in finding.sentence
    assert "so that nothing is learnt" in first({"loss": [np.nan]}).sentence
    assert "step 1,234" in first({"loss": [1.0]}, bad_step=1234).sentence
    assert "validation" in first({"loss": [2.0, 1.5], "val_loss": [np.nan] * 2}).sentence


def test_a_loss_that_rises_before_it_is_not_finite():
    kinds = [f.id for f in found({"loss": [2.0, 1.5, 9.0, np.nan]})]
    assert kinds == ["loss_not_finite", "learning_rate_too_high"]
    steps = {"step": [1.0, 2.0, 3.0], "loss": [2.0, 1e3, None]}
    kinds = [f.id for f in found({"loss": [np.nan]}, steps=steps)]
    assert kinds[:2] == ["loss_not_finite", "learning_rate_too_high"]


def test_wrong_direction():
    rising = 10 - decay(9, 0, range(12), 3)
    assert is_first("wrong_direction", {"loss": rising}).severity == "error"
    negative = {"loss": -rising, "accuracy": np.full(12, 0.1)}
    assert "below zero" in is_first("wrong_direction", negative).sentence
    # A likelihood's logarithm may well be negative.
    assert not found({"loss": -rising, "accuracy": 1 - decay(0.8, 0.05, range(12), 3)})


def test_a_rate_that_is_too_high():
    rng = np.random.default_rng(0)
    thrown = {"loss": np.r_[1.4, rng.uniform(3, 6, 14)], "val_loss": rng.uniform(3, 7, 15)}
    is_first("learning_rate_too_high", thrown)
    unstable = {"loss": np.r_[2.0, rng.uniform(0.4, 0.9, 14)], "mae": np.full(15, 0.5)}
    is_first("learning_rate_too_high", unstable)
    loss = np.r_[3.1, 2.37 + 0.02 * rng.normal(size=19)]
    chance = 0.1 + 0.01 * rng.normal(size=20)
    stuck = {"loss": loss, "accuracy": chance, "val_loss": loss[::-1], "val_accuracy": chance}
    is_first("learning_rate_too_high", stuck | {"val_loss": 2.35 + 0.02 * rng.normal(size=20)})


def test_steps_that_throw_the_loss_up():
    losses = np.r_[1.0, 8.0, 30.0, 20.0, 9.0, decay(3, 0.5, range(35))]
    steps = {"step": list(range(1, 41)), "loss": losses.tolist()}
    finding = is_first("learning_rate_too_high", {"loss": [5.0, 0.6]}, steps=steps)
    assert finding.evidence == {"first": 1.0, "highest": 9.0, "step": 3}


@pytest.mark.parametrize("share", [1e-4, 0.002, 0.008])
def test_a_rate_that_is_too_low(share):
    loss = 2.3 * (1 - share) ** EPOCHS
    curves = {"loss": loss, "val_loss": loss * 1.01, "accuracy": np.full(30, 0.1)}
    finding = is_first("learning_rate_too_low", curves | {"val_accuracy": np.full(30, 0.12)})
    assert finding.evidence["share_of_an_epoch"] == pytest.approx(share, rel=1e-6)


def test_too_few_epochs():
    loss = decay(2, 0.2, range(4), 4)
    is_first("too_few_epochs", {"loss": loss, "val_loss": loss * 1.05})
    assert not found({"loss": loss, "val_loss": loss}, stopped_by="EarlyStopping")
    right = 1 - decay(0.9, 0.1, range(20), 20)
    longer = {"loss": decay(2, 0.2, range(20), 20), "accuracy": right}
    is_first("too_few_epochs", longer, is_alarm=False)
    straight = {"loss": np.linspace(2, 0.8, 20), "accuracy": np.linspace(0.1, 0.6, 20)}
    straight["loss"][14:] -= np.linspace(0.02, 0.3, 6)
    is_first("too_few_epochs", straight)


def test_overfitting():
    val_loss = decay(1.5, 0.5, constant=2) + 0.05 * np.maximum(0, EPOCHS - 6)
    finding = is_first("overfitting", {"loss": decay(1.5, 0.001), "val_loss": val_loss})
    assert finding.evidence["best_epoch"] == 7
    assert "epoch 7" in finding.sentence


def labels_unrelated(rng, classes=10):
    guess = np.log(classes)
    learnt = {"loss": guess * (1.01 - 0.004 * EPOCHS), "accuracy": 1 / classes + 0.005 * EPOCHS}
    never = {
        "val_loss": guess * (1.01 + 0.002 * EPOCHS + 0.001 * rng.normal(size=30)),
        "val_accuracy": np.round(360 / classes + 5 * rng.normal(size=30)) / 360,
    }
    return learnt | never


@pytest.mark.parametrize("classes", [2, 3, 10, 100])
def test_labels_that_are_unrelated(classes):
    curves = labels_unrelated(np.random.default_rng(classes), classes)
    is_first("labels_unrelated", curves, is_alarm=False)


def test_a_number_of_classes_is_estimated_only_where_it_is_not_known():
    accuracy, loss = np.full(9, 0.09), np.full(9, 2.37)
    assert guessed_classes(accuracy, loss) == 11
    assert guessed_classes(accuracy, loss, 10) == 10
    assert guessed_classes(accuracy, loss, 4) == 11  # Of even ones, a fourth would be right.
    curves = dict.fromkeys(("val_accuracy", "accuracy"), [0.09] * 9)
    curves |= dict.fromkeys(("val_loss", "loss"), [2.37] * 9)
    counted = Values((), "int64", 90, class_counts=(9,) * 10)
    sparse = Loss("sparse_categorical_crossentropy", "")
    for output in (Output("", (10,), loss=sparse), Output("", (), targets=counted)):
        (found, *_) = judged(Record(outputs=(output,), series=Series(curves))).findings
        assert "with 10 even classes, 10% and 2.3." in found.sentence
    (found, *_) = judged(Record(series=Series(curves))).findings
    assert "with about 11 even classes, 9% and 2.4." in found.sentence


def test_numbers_that_are_unrelated():
    rng = np.random.default_rng(0)
    val_loss = 1.05 + 0.01 * EPOCHS + 0.01 * rng.normal(size=30)
    curves = {"loss": decay(1.1, 0.4, constant=20), "val_loss": val_loss}
    is_first("labels_unrelated", curves, is_alarm=False)


def test_one_answer_for_all():
    loss = decay(1.8, 0.9, range(16), 8)
    accuracy = np.minimum(0.1 + 0.2 * np.arange(16), 0.86)
    curves = {"loss": loss, "val_loss": loss, "accuracy": accuracy, "val_accuracy": accuracy - 0.01}
    finding = is_first("majority_collapse", curves)
    assert "86.0% in each of the last 12 epochs" in finding.sentence
    targets = Values((), "int64", 100, class_counts=(86, 14))
    record = Record(
        series=Series({name: list(map(float, values)) for name, values in curves.items()}),
        outputs=(Output("output", (1,), targets=targets),),
    )
    assert findings_of(record)[0].confidence > finding.confidence
    others = Values((), "int64", 100, class_counts=(50, 50))
    record = Record(series=record.series, outputs=(Output("output", (1,), targets=others),))
    assert "majority_collapse" not in [f.id for f in findings_of(record)]


def test_penalties_that_take_all_weights():
    loss = np.maximum(decay(100, 2.303, constant=2), 2.303)
    rng = np.random.default_rng(1)
    chance = np.round(100 / 10 + rng.normal(size=30)) / 100
    curves = {"loss": loss, "val_loss": 0.99 * loss, "accuracy": chance, "val_accuracy": chance}
    assert "penalty" in is_first("regularization_too_strong", curves).sentence


def test_a_loss_that_is_mostly_penalty():
    right = 1 - decay(0.5, 0.25)
    loss = decay(9, 3)
    curves = {"loss": loss, "val_loss": loss, "accuracy": right, "val_accuracy": right}
    assert "mostly penalty" in is_first("regularization_too_strong", curves).sentence


def test_answers_that_get_worse_while_the_loss_falls():
    error = 0.81 - decay(0.06, 0, constant=4)
    curves = {"loss": decay(6, 1), "val_loss": decay(6, 1.01), "mae": error}
    assert "what falls is a penalty" in is_first("regularization_too_strong", curves).sentence


def test_dropout_that_hides_what_there_is():
    curves = {
        "loss": decay(2.3, 1.4),
        "val_loss": decay(2.0, 0.4),
        "accuracy": 1 - decay(0.9, 0.5),
        "val_accuracy": 1 - decay(0.6, 0.05),
    }
    finding = is_first("regularization_too_strong", curves)
    assert "50% right beside 94%" in finding.sentence
    curves = {"loss": decay(9, 0.98), "val_loss": np.full(30, 0.95)}
    is_first("regularization_too_strong", curves)


def test_other_classes_in_validation():
    curves = {
        "loss": decay(1.8, 0.1),
        "val_loss": 10 - decay(6, 0),
        "accuracy": 1 - decay(0.5, 0.02),
        "val_accuracy": np.full(30, 0.0167),
    }
    is_first("not_shuffled", curves)


def test_the_last_class_is_answered():
    rng = np.random.default_rng(1)
    curves = {
        "loss": 2.6 + 0.02 * rng.normal(size=30),
        "val_loss": 2.4 + 0.01 * rng.normal(size=30),
        "accuracy": np.r_[0.2, np.zeros(29)],
        "val_accuracy": np.full(30, 0.1),
    }
    is_first("not_shuffled", curves)


def test_batches_that_come_again():
    rng = np.random.default_rng(3)
    order = 0.5 * np.sin(np.linspace(0, 12, 40))
    for profile, is_alarm in ((order, True), (rng.normal(0, 0.1, 40), False)):
        losses = np.exp(profile + 0.05 * rng.normal(size=(6, 40)) - 0.1 * np.arange(6)[:, None])
        steps = {"step": [*map(float, range(1, 241))], "loss": losses.ravel().tolist()}
        findings = found({"loss": losses.mean(axis=1)}, steps=steps)
        finding = next(f for f in findings if f.id == "not_shuffled")
        assert finding.is_alarm is is_alarm
        series = Series({"loss": losses.mean(axis=1).tolist()}, steps=steps)
        for by_keras in (True, False):
            kinds = [f.id for f in findings_of(Record(series=series, data=Data(shuffled=by_keras)))]
            assert ("not_shuffled" in kinds) is not by_keras
    fresh = np.exp(0.3 * rng.normal(size=240))
    steps = {"step": list(range(1, 241)), "loss": fresh.tolist()}
    kinds = [f.id for f in found({"loss": [1.0, 0.9, 0.85, 0.83, 0.82, 0.82]}, steps=steps)]
    assert "not_shuffled" not in kinds


def test_a_leak():
    loss = decay(2, 0.01, constant=5)
    val_loss = noisy(decay(2, 0.01, EPOCHS + 0.6, 5), 0.03)
    finding = first({"loss": loss, "val_loss": val_loss})
    assert (finding.id, finding.is_alarm) == ("data_leak", False)
    assert not found({"loss": loss, "val_loss": 1.3 * val_loss})
    series = Series({"loss": loss.tolist(), "val_loss": val_loss.tolist()})
    assert not findings_of(Record(series=series, data=Data(class_weights=True)))


def test_stale_statistics():
    curves = {
        "loss": decay(2.2, 0.3, range(12), 2),
        "val_loss": decay(2.25, 0.6, range(12), 9),
        "accuracy": 1 - decay(0.7, 0.05, range(12), 3),
        "val_accuracy": 1 - decay(0.9, 0.2, range(12), 9),
    }
    is_first("stale_statistics", curves)


@pytest.mark.parametrize(("samples", "is_alarm"), [(8, True), (24, True), (60, False)])
def test_a_validation_set_that_is_too_small(samples, is_alarm):
    counts = np.minimum(samples - 1, samples // 2 + np.arange(12) // 3)
    curves = {"loss": decay(1.5, 0.2, range(12), 3), "accuracy": 1 - decay(0.6, 0.1, range(12), 3)}
    curves |= {"val_loss": decay(1.6, 0.5, range(12), 3), "val_accuracy": counts / samples}
    finding = next(f for f in found(curves) if f.id == "validation_too_small")
    assert finding.evidence["validation_samples"] == samples
    assert finding.is_alarm is is_alarm
    low, high = finding.evidence["accuracy_interval"]
    assert low < counts[-1] / samples < high


def test_a_validation_set_whose_size_is_known():
    series = Series({"loss": decay(1.5, 0.2, range(12), 3).tolist()})
    for samples, kinds in ((20, ["validation_too_small"]), (2000, []), (0, [])):
        record = Record(series=series, data=Data(validation_samples=samples))
        assert [finding.id for finding in findings_of(record)] == kinds


def test_small_data_may_validate_on_few():
    series = Series({"loss": [1.0, 0.6, 0.4], "val_loss": [1.1, 0.7, 0.5]})
    for samples, is_named in ((180, False), (181, True), (None, True)):
        data = Data(samples=samples, validation_samples=20)
        kinds = [f.id for f in findings_of(Record(series=series, data=data))]
        assert ("validation_too_small" in kinds) is is_named
