"""Runs that the doctor watches: what they keep of it, and that no number changes."""

import keras
import numpy as np
import pytest

from kerasrecipes.diagnostics.record.record import Record
from kerasrecipes.recipe.recipe import Recipe
from kerasrecipes.recipe.spec import use
from kerasrecipes.training import diagnosing
from kerasrecipes.training.building.build import build_recipe
from kerasrecipes.training.diagnosing import diagnosed, given_of, preflight, record_of
from kerasrecipes.training.divergence import DivergenceWarning
from kerasrecipes.training.features.cached_build import on_features
from kerasrecipes.training.run import Run
from kerasrecipes.training.training import train
from tests.training.spoiling import NaNIn
from tests.training.stopped import Stop, numbers

RECIPE = Recipe(
    data=use("Digits", classes=[0, 1], examples_per_class=24),
    model=use("tests.training.random_network:random_network"),
    optimizer=use("SGD", learning_rate=0.05, momentum=0.9),
    batch_size=12,
    epochs=3,
)


@pytest.fixture(scope="module")
def plain(tmp_path_factory):
    return trained(tmp_path_factory.mktemp("plain"))


@pytest.fixture(scope="module")
def watched(tmp_path_factory):
    return trained(tmp_path_factory.mktemp("watched"), doctor=True)


def trained(directory, **options):
    """Returns a run, with its numbers: a model that is loaded later has other random states."""
    run = train(RECIPE, directory=directory, verbose=0, **options)
    run.numbers = numbers(run)
    return run


def built(recipe):
    return build_recipe(recipe, recipe.data.build("data").load())


def test_the_doctor_changes_no_number(plain, watched):
    assert watched.numbers == plain.numbers


def test_a_run_keeps_what_was_measured(watched):
    record = watched.record
    for name, values in record.series.epochs.items():
        assert values == [row[name] for row in watched.history]
    assert {"loss", "val_loss", "learning_rate"} <= {*record.series.epochs}
    assert "seconds" not in record.series.epochs
    assert (record.series.planned_epochs, record.series.stopped_by) == (3, None)
    assert record.series.steps["step"] == [*range(1, 3 * _steps(watched) + 1)]
    assert (record.data.samples, record.data.batch_size) == (_sizes(watched)["train"], 12)
    assert record.data.validation_samples == _sizes(watched)["validation"]
    assert record.data.inputs[0].shape == (8, 8, 1)
    assert record.recipe == RECIPE.to_dict()
    assert record.optimizer.learning_rate == pytest.approx(0.05)
    assert (record.probes[0].epoch, record.probes[0].step) == (0, 0)
    assert record.outputs[0].targets.class_counts is not None


def _sizes(run):
    return run.data["sizes"]


def _steps(run):
    return -(-_sizes(run)["train"] // 12)


def test_a_run_keeps_what_was_found(watched):
    assert watched.diagnosis == diagnosed(watched.record)
    assert watched.diagnosis.passed
    assert record_of(watched) is watched.record


@pytest.mark.backend_neutral
def test_a_run_without_the_doctor_is_known_by_its_files(plain):
    assert plain.diagnosis is plain.record is None
    assert not [*plain.folder.glob("findings.json"), *plain.folder.glob("record.json")]
    record = record_of(plain)
    assert record.series.epochs["loss"] == [row["loss"] for row in plain.history]
    assert record.missing["probes"] == "The run was trained without the doctor."
    assert (record.data.samples, record.data.batch_size) == (_sizes(plain)["train"], 12)
    assert record.data.steps_per_epoch == _steps(plain)
    assert (record.series.planned_epochs, record.series.stopped_by) == (3, None)
    assert record.recipe == RECIPE.to_dict()


@pytest.mark.backend_neutral
def test_it_watches_unless_nothing_is_to_be_seen(tmp_path, watched, plain, monkeypatch):
    made = []
    monkeypatch.setattr("kerasrecipes.training.training.RunDoctor", made.append)
    monkeypatch.setattr("kerasrecipes.training.training.fit_recipe", _fail)
    for options in ({"verbose": 0}, {"verbose": 2}, {"verbose": 2, "doctor": False}):
        with pytest.raises(InterruptedError):
            train(RECIPE, directory=tmp_path, **options)
    assert len(made) == 1


def _fail(*arguments, doctor=None, **options):
    raise InterruptedError


def test_a_resumed_run_has_all_epochs_and_the_looks_of_its_last_part(tmp_path, watched):
    with pytest.raises(KeyboardInterrupt):
        train(RECIPE, directory=tmp_path, verbose=0, doctor=True, callbacks=[Stop(2, 0)])
    run = trained(tmp_path, doctor=True)
    assert run.numbers == watched.numbers
    record, whole = run.record, watched.record
    assert record.series.epochs == whole.series.epochs
    assert record.series.stopped_by is None
    steps = _steps(run)
    assert [(probe.epoch, probe.step) for probe in record.probes][0] == (2, 2 * steps)
    assert record.series.steps["step"][0] == 2 * steps + 1
    assert record.series.steps["loss"] == whole.series.steps["loss"][2 * steps :]


def test_a_diverged_run_says_when_and_keeps_its_weights(tmp_path, plain):
    with pytest.warns(DivergenceWarning):
        run = train(RECIPE, directory=tmp_path, verbose=0, doctor=True, callbacks=[NaNIn(1, -2)])
    series = run.record.series
    assert series.epochs["loss"][1] is None
    assert series.stopped_by == "divergence"
    assert series.bad_step == _steps(run) + 1
    assert not all(layer.finite for layer in run.record.probes[-1].layers.values())
    assert run.metrics["epoch"] == 1
    assert run.history[0]["loss"] == plain.history[0]["loss"]
    assert np.isfinite(run.predictions["validation_probabilities"]).all()
    (run.folder / "record.json").unlink()
    by_log = record_of(Run(run.folder)).series
    assert (by_log.epochs, by_log.bad_step) == (series.epochs, series.bad_step)
    assert by_log.stopped_by == "divergence"


@pytest.mark.backend_neutral
@pytest.mark.parametrize("fold", [0, None])
def test_validation_images_that_are_trained_on_by_choice_are_no_leak(fold):
    data = use("CrossValidation", data=RECIPE.data, folds=2, fold=fold)
    given = given_of(built(RECIPE.replace({"data": data, "monitor": None})))
    validated = fold is not None
    assert (given.validation_x is not None, given.validation_y is not None) == (validated,) * 2
    assert (given.validation_samples > 0) == validated


@pytest.mark.backend_neutral
@pytest.mark.parametrize(("fold", "validates"), [(None, False), (0, True)])
def test_curves_of_such_images_are_left_out(tmp_path, fold, validates):
    data = use("CrossValidation", data=RECIPE.data, folds=3, fold=fold)
    recipe = Recipe(data=data, model=use("MLP", units=[8]), epochs=2, monitor=None)
    run = train(recipe, directory=tmp_path, verbose=0, doctor=True)
    assert {"loss", "accuracy"} <= run.record.series.epochs.keys()
    assert ("val_loss" in run.record.series.epochs) is validates
    (run.folder / "record.json").unlink()
    assert ("val_loss" in record_of(Run(run.folder)).series.epochs) is validates


@pytest.mark.backend_neutral
def test_early_stopping_is_told(tmp_path):
    stop = use("EarlyStopping", monitor="loss", patience=1, min_delta=100.0)
    recipe = RECIPE.replace({"callbacks": [stop], "epochs": 5})
    run = train(recipe, directory=tmp_path, verbose=0, doctor=True)
    assert len(run.history) < 5
    assert run.record.series.stopped_by == "EarlyStopping"


def test_mixed_labels_are_looked_at(tmp_path):
    recipe = RECIPE.replace({"augment": ["MixedSamples"], "epochs": 1})
    run = train(recipe, directory=tmp_path, verbose=0, doctor=True)
    assert "probes" not in run.record.missing
    assert run.record.probes[0].loss is not None


@pytest.mark.backend_neutral
def test_on_features_the_doctor_sees_features(tmp_path):
    model = use("Pretrained", backbone="resnet20_cifar10")
    recipe = RECIPE.replace({"model": model, "epochs": 1, "preprocessing": []})
    cached = on_features(built(recipe), tmp_path, True)
    given = given_of(cached)
    assert given.x.shape == (len(cached.dataset.train), 64)
    np.testing.assert_array_equal(given.y, cached.dataset.train.labels)


@pytest.mark.backend_neutral
def test_samples_are_evenly_spaced(monkeypatch):
    monkeypatch.setattr(diagnosing, "LOOKED_AT", 5)
    recipe = built(RECIPE)
    train_split = recipe.dataset.train
    given = given_of(recipe)
    assert given.samples == len(train_split)
    chosen = np.linspace(0, len(train_split) - 1, 5).round().astype(int)
    np.testing.assert_array_equal(given.x, train_split.read(chosen))
    np.testing.assert_array_equal(given.y, train_split.labels[chosen])


@pytest.mark.backend_neutral
def test_a_rule_that_fails_is_named(monkeypatch):
    def fail(record):
        raise ZeroDivisionError("of a rule")

    monkeypatch.setattr(diagnosing, "judged", fail)
    (entry,) = diagnosed(Record()).not_run
    assert entry.reason == "A rule failed: ZeroDivisionError('of a rule')"


def test_preflight_measures_and_leaves_the_model_as_it_is():
    recipe = built(RECIPE)
    before = [keras.ops.convert_to_numpy(v).copy() for v in recipe.model.variables]
    record = preflight(recipe, seconds=0.5)
    for old, new in zip(before, recipe.model.variables, strict=True):
        np.testing.assert_array_equal(old, keras.ops.convert_to_numpy(new))
    assert record.trials.initial_loss is not None
    assert record.recipe == RECIPE.to_dict()
    assert record.series.planned_epochs == 3


def test_findings_survive_their_file(watched):
    assert Run(watched.folder).diagnosis == watched.diagnosis
    assert Run(watched.folder).record == watched.record
