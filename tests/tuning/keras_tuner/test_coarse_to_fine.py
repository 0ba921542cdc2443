import gc
import json

import keras
import keras_tuner
import numpy as np
import pytest

from kerasrecipes.tuning import CoarseToFine
from tests.tuning.black_box import BlackBox

RNG = np.random.default_rng(0)
IMAGES = RNG.normal(size=(64, 4)).astype("float32")
LABELS = (IMAGES[:, 0] > 0).astype("int32")


def build(hp):
    model = keras.Sequential(
        [keras.Input((4,)), keras.layers.Dense(hp.Int("units", 2, 8)), keras.layers.Dense(2)]
    )
    model.compile(
        keras.optimizers.SGD(hp.Float("rate", 1e-3, 1.0, sampling="log")),
        keras.losses.SparseCategoricalCrossentropy(from_logits=True),
        metrics=["accuracy"],
    )
    return model


def _tuner(folder, hypermodel=build, objective="val_accuracy", **options):
    return CoarseToFine(hypermodel, objective, directory=str(folder), seed=0, **options)


def _search(tuner, **options):
    tuner.search(IMAGES, LABELS, validation_data=(IMAGES, LABELS), verbose=0, **options)


def test_it_is_used_like_random_search(tmp_path):
    tuner = _tuner(tmp_path, max_trials=2)
    _search(tuner, epochs=3)
    trials = tuner.oracle.observations()
    assert [str(rung) for rung in tuner.oracle.rungs] == ["3x1", "1x3"]
    assert {t.rung for t in trials} == {0, 1}
    values = tuner.get_best_hyperparameters()[0].values
    assert 2 <= values["units"] <= 8
    # The weights of the best trial can be loaded, as with keras-tuner's own tuners.
    model = tuner.get_best_models()[0]
    accuracy = model.evaluate(IMAGES, LABELS, verbose=0, return_dict=True)["accuracy"]
    assert accuracy == pytest.approx(max(tuner.oracle.get_best_trials()[0].score, accuracy))


def test_a_promoted_trial_continues_from_its_weights(tmp_path):
    tuner = _tuner(tmp_path, rungs="1x1,1x3")
    _search(tuner, shuffle=False)
    first, second = tuner.oracle.observations()
    assert (second.parent, second.cost_epochs) == (first.name, 2)
    keras.utils.set_random_seed(0)
    losses = {}
    for name in (first.name, second.name):
        metrics = tuner.oracle.get_trial(name).metrics
        losses |= {o.step: o.mean() for o in metrics.get_history("loss")}
    assert sorted(losses) == [1, 2, 3]
    assert losses[1] > losses[2] > losses[3]


def test_a_search_that_goes_on_trains_promoted_trials_from_their_beginning(tmp_path):
    """When it ended, it deleted the checkpoints from which they would continue."""
    _search(_tuner(tmp_path, rungs="1x1"), shuffle=False)
    tuner = _tuner(tmp_path, rungs="1x1,1x3")
    _search(tuner, shuffle=False)
    first, second = tuner.oracle.observations()
    assert (second.parent, second.cost_epochs, len(second.curve)) == (first.name, 2, 3)
    seen = tuner.oracle.get_trial(second.name).metrics.get_history("loss")
    assert [each.step for each in seen] == [2, 3]


def test_a_failing_trial_is_recorded_with_its_cause_and_stops_nothing(tmp_path):
    class Failing(BlackBox):
        def run_trial(self, trial, **kwargs):
            if trial.hyperparameters.values["kind"] == "bad":
                raise MemoryError("no more memory\nfor this")
            super().run_trial(trial, **kwargs)

    tuner = Failing(tmp_path, rungs="8x1,2x2").run()
    trials = tuner.oracle.trials.values()
    failed = [trial for trial in trials if trial.status == "FAILED"]
    assert 0 < len(failed) < len(trials)
    for trial in failed:
        assert "no more memory" in trial.message
        cause = tmp_path / "search" / f"trial_{trial.trial_id}" / "cause.json"
        assert json.loads(cause.read_text()) == {"cause": "MemoryError: no more memory"}
    assert tuner.get_best_hyperparameters()[0].get("kind") == "good"


def test_a_trial_that_diverges_fails(tmp_path):
    class Diverging(BlackBox):
        def run_trial(self, trial, **kwargs):
            bad = trial.hyperparameters.values["kind"] == "bad"
            self.report(trial, 1, {"score": float("nan") if bad else 0.5})

    tuner = Diverging(tmp_path, rungs="8x1").run()
    failed = [t for t in tuner.oracle.trials.values() if t.status == "FAILED"]
    assert failed
    assert all("Diverged: score is nan after 1 epochs" in t.message for t in failed)


def test_a_search_in_which_everything_fails_ends_with_the_cause(tmp_path):
    class Failing(BlackBox):
        def run_trial(self, trial, **kwargs):
            raise OSError("the disk is gone")

    with pytest.raises(ValueError, match=r"Every trial failed \(5 x OSError: the disk is gone\)"):
        Failing(tmp_path).run()


@pytest.mark.backend_neutral
def test_trials_that_are_clearly_worse_stop_early(tmp_path):
    tuner = BlackBox(tmp_path, rungs="30x6").run()
    trials = tuner.oracle.observations()
    stopped = [t for t in trials if t.cost_epochs < 6]
    assert stopped
    assert len(trials) > 30  # The epochs that they left pay for further trials.
    middle = np.median([t.score for t in trials])
    assert all(t.score < middle for t in stopped)
    kept = BlackBox(tmp_path / "kept", rungs="30x6", median_rule=False)
    (tmp_path / "kept").mkdir(exist_ok=True)
    assert all(t.cost_epochs == 6 for t in kept.run().oracle.observations())


def test_a_user_may_return_a_number(tmp_path):
    class Number(BlackBox):
        def run_trial(self, trial, **kwargs):
            return trial.hyperparameters.values["x"]

    tuner = Number(tmp_path, rungs="6x1").run()
    assert tuner.oracle.get_best_trials()[0].score == max(
        t.hyperparameters.values["x"] for t in tuner.oracle.trials.values()
    )


def test_a_users_own_trial_gets_its_length(tmp_path):
    class Own(CoarseToFine):
        def run_trial(self, trial, *args, **kwargs):
            lengths.append(kwargs["epochs"])
            hp = trial.hyperparameters
            return self.hypermodel.fit(hp, self.hypermodel.build(hp), *args, **kwargs)

    lengths = []
    tuner = Own(build, "val_accuracy", rungs="2x1,2x3", directory=str(tmp_path), seed=0)
    _search(tuner)
    trials = tuner.oracle.observations()
    assert lengths == [t.epochs for t in trials] == [1, 1, 3, 3]
    # A history tells of each epoch, but not again of those of the parent.
    curves = [tuner.oracle.trials[t.name].metrics.get_history("val_accuracy") for t in trials]
    steps = [[seen.step for seen in curve] for curve in curves]
    promoted = [t.parent is not None for t in trials].index(True)
    assert steps[promoted] == [2, 3]
    assert [t.cost_epochs for t in trials] == [len(each) for each in steps]


def test_one_number_stands_for_a_whole_trial(tmp_path):
    class Number(BlackBox):
        def run_trial(self, trial, verbose):
            return trial.hyperparameters.values["x"]

    trials = Number(tmp_path, rungs="3x5,1x9", promoted_fraction=0.0).run().oracle.observations()
    assert [(t.rung, t.cost_epochs, t.is_complete) for t in trials] == [
        *[(0, 5, True)] * 3,
        (1, 9, True),
    ]


def test_a_fit_that_chooses_epochs_is_told_what_to_do(tmp_path):
    class Choosing(keras_tuner.HyperModel):
        def build(self, hp):
            return build(hp)

        def fit(self, hp, model, *args, **kwargs):
            return model.fit(*args, epochs=hp.Int("epochs", 1, 3), **kwargs)

    with pytest.raises(TypeError, match="Pass on the `epochs` among the keyword arguments"):
        _search(_tuner(tmp_path, Choosing(), rungs="2x1"))


def test_a_search_of_any_seed_resumes_with_it(tmp_path):
    drawn = {BlackBox(tmp_path / str(n), seed=None).oracle.options["seed"] for n in range(4)}
    assert len(drawn) > 1
    tuner = BlackBox(tmp_path / "0", seed=None, rungs="2x1")
    tuner.save()
    seed = tuner.oracle.options["seed"]
    again = BlackBox(tmp_path / "0", seed=None, rungs="2x1")
    assert again.oracle.options["seed"] == again.oracle.plan.seed == seed


def test_a_trial_is_tried_again_and_failures_in_a_row_end_the_search(tmp_path):
    class Flaky(BlackBox):
        def run_trial(self, trial, **kwargs):
            tries.append(trial.trial_id)
            if tries.count(trial.trial_id) < needed:
                raise OSError("no room")
            super().run_trial(trial, **kwargs)

    tries, needed = [], 2
    tuner = Flaky(tmp_path, rungs="2x1", max_retries_per_trial=1).run()
    assert tries == ["0000", "0000", "0001", "0001"]
    assert all(t.has_score for t in tuner.oracle.observations())
    tries, needed = [], 3
    (tmp_path / "row").mkdir()
    tuner = Flaky(tmp_path / "row", rungs="4x1", max_consecutive_failed_trials=2)
    with pytest.raises(RuntimeError, match="exceeded the limit of 2"):
        tuner.run()
    assert tries == ["0000", "0001"]


@pytest.mark.parametrize(("epoch", "expected"), [("late", 0.5), ("last", 0.7), ("best", 0.9)])
def test_which_epochs_a_score_is_of(tmp_path, epoch, expected):
    class Unsteady(BlackBox):
        def run_trial(self, trial, **kwargs):
            for number, score in enumerate([*[0.1] * 15, 0.9, 0.3, 0.7], start=1):
                self.report(trial, number, {"score": score})

    (trial,) = Unsteady(tmp_path, rungs="1x18", epoch=epoch).run().oracle.trials.values()
    assert trial.score == pytest.approx(expected)
    assert trial.best_step == (16 if epoch == "best" else 18)


def test_the_lowest_score_is_best_if_the_objective_is_minimized(tmp_path):
    class Loss(BlackBox):
        def __init__(self, folder, **options):
            super().__init__(folder, **options)
            self.oracle.objective = keras_tuner.Objective("score", "min")

    tuner = Loss(tmp_path, rungs="12x1").run()
    scores = [t.score for t in tuner.oracle.trials.values()]
    assert tuner.oracle.get_best_trials()[0].score == min(scores)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({}, "Give either `max_trials` or `rungs`"),
        ({"max_trials": 3, "rungs": "2x2"}, "Give either `max_trials` or `rungs`"),
        ({"max_trials": 0}, "max_trials"),
        ({"rungs": "2x"}, "trials x epochs"),
        ({"rungs": "2x2", "epoch": "first"}, "epoch"),
        ({"rungs": "2x2", "seed": -1}, "seed"),
        ({"rungs": "2x2", "max_retries_per_trial": -1}, "max_retries_per_trial"),
        ({"rungs": "2x2", "max_consecutive_failed_trials": 0}, "max_consecutive_failed_trials"),
    ],
)
def test_arguments_out_of_range_are_refused(tmp_path, options, message):
    with pytest.raises(ValueError, match=message):
        CoarseToFine(build, "val_accuracy", directory=str(tmp_path), **options)


def test_several_objectives_are_refused(tmp_path):
    with pytest.raises(ValueError, match="must be a single objective"):
        _tuner(tmp_path, objective=["val_accuracy", "val_loss"], rungs="2x2")


@pytest.mark.backend_neutral
def test_an_objective_that_is_not_reported_ends_the_search(tmp_path):
    objective = keras_tuner.Objective("val_accurracy", "max")
    with pytest.raises(ValueError, match="one of the reported metrics: accuracy, loss"):
        _search(_tuner(tmp_path, rungs="2x1", objective=objective))


def test_epochs_are_given_once(tmp_path):
    with pytest.raises(ValueError, match="needs `epochs`"):
        _search(_tuner(tmp_path, max_trials=2))
    with pytest.raises(ValueError, match="must be left out, because the tuner was given `rungs`"):
        _search(_tuner(tmp_path, rungs="2x1", project_name="other"), epochs=2)


@pytest.mark.backend_neutral
def test_changed_ranges_are_noticed(tmp_path):
    _search(_tuner(tmp_path, rungs="2x1"))

    def other(hp):
        hp.Float("rate", 1e-2, 1.0, sampling="log")
        return build(hp)

    with pytest.raises(ValueError, match="range of 'rate' is not that of the search"):
        _tuner(tmp_path, rungs="2x1", hypermodel=other)


@pytest.mark.slow
def test_memory_does_not_grow_from_trial_to_trial(tmp_path):
    def wide(hp):
        # The weights and the moments of Adam take 8 MiB.
        units = hp.Int("units", 800, 820)
        layers = [keras.layers.Dense(units, "silu"), keras.layers.Dense(units)]
        model = keras.Sequential([keras.Input((4,)), *layers, keras.layers.Dense(2)])
        loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
        model.compile(keras.optimizers.Adam(1e-3), loss, metrics=["accuracy"])
        return model

    tuner, seen, alive = _tuner(tmp_path, wide, rungs="52x1"), [], []
    end = tuner.on_trial_end

    def count(trial):
        end(trial)
        seen.append(_resident())
        alive.append(sum(isinstance(o, keras.Model) for o in gc.get_objects()))

    tuner.on_trial_end = count
    _search(tuner)
    assert len(seen) >= 50
    assert alive[-1] <= alive[10], "no model outlives its trial"
    # Forty models were trained meanwhile; this is the size of two.
    assert seen[-1] - seen[10] < 16


def _resident() -> float:
    """Returns the memory of this process, in MiB."""
    with open("/proc/self/statm") as file:
        return int(file.read().split()[1]) * 4096 / 2**20
