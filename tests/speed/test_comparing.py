"""What is made of the speeds of settings, with workers and a clock that are no real ones."""

import pytest

from kerasrecipes.engine import WorkerLostError
from kerasrecipes.speed import tune_speed
from kerasrecipes.speed.comparing import TURNS
from kerasrecipes.speed.timed_steps import Begun
from tests.speed.example import FACTS, RECIPE

pytestmark = pytest.mark.backend_neutral


class Workers:
    """Trains at given speeds: by setting, a factor, one for each turn, or what is raised."""

    def __init__(self, begin_seconds=2.0, turn_seconds=0.5, **factors):
        self.factors, self.now = factors, 0.0
        self.begin_seconds, self.turn_seconds = begin_seconds, turn_seconds
        self.turns, self.dropped, self.ended = {}, [], False

    def __call__(self, recipe, directory, turn_seconds):
        return self

    def __enter__(self):
        return self

    def __exit__(self, *error):
        self.ended = True

    def begin(self, setting, timeout=None):
        self.now += self.begin_seconds
        return Begun(FACTS, self.begin_seconds)

    def turn(self, setting):
        self.now += self.turn_seconds
        factor = self.factors.get(setting.name, 1.0)
        if isinstance(factor, Exception):
            raise factor
        turns = self.turns.setdefault(setting.name, [])
        turns.append(factor if isinstance(factor, float) else factor[len(turns)])
        return 1000 * turns[-1]

    def drop(self, setting):
        self.dropped.append(setting.name)


def tuned(workers, minutes=10.0, **options):
    speeds = tune_speed(
        RECIPE, minutes=minutes, workers=workers, clock=lambda: workers.now, **options
    )
    assert workers.ended
    return speeds, {tried.setting.name: tried for tried in speeds.tried}


def test_settings_that_are_faster_in_every_turn_are_best_together():
    both = {"steps_per_execution=10, jit_compile=true": 1.5}
    workers = Workers(steps_per_execution=1.2, jit_compile=1.3, threads=2.0, **both)
    speeds, tried = tuned(workers)
    assert speeds.best == {"steps_per_execution": 10, "jit_compile": True}
    assert tried["threads"].is_faster, "it is no setting of the recipe, and is told all the same"
    assert tried["jit_compile"].ratios == (1.3,) * TURNS
    assert tried["as it is"].images_per_second == 1000
    assert workers.dropped.count("jit_compile") == 1
    assert "layout" not in workers.dropped, "what cannot be tried takes no time"


def test_together_they_may_be_slower_than_one_alone():
    both = {"steps_per_execution=10, jit_compile=true": 1.1}
    speeds, _ = tuned(Workers(steps_per_execution=1.2, jit_compile=1.3, **both))
    assert speeds.best == {"jit_compile": True}


def test_what_changes_what_is_learnt_is_best_only_if_it_is_allowed():
    factors = {"precision": 1.8, "batch_size": 1.4, "steps_per_execution": 1.1}
    speeds, tried = tuned(Workers(**factors))
    assert tried["precision"].is_faster
    assert speeds.best == {"steps_per_execution": 10}
    both = "steps_per_execution=10, precision=mixed_bfloat16"
    speeds, _ = tuned(Workers(**factors, **{both: 2.0}), allow=["precision"])
    assert speeds.best == {"steps_per_execution": 10, "precision": "mixed_bfloat16"}
    with pytest.raises(ValueError, match="`allow` must be one of 'precision', 'batch_size'"):
        tuned(Workers(), allow=["epochs"])


@pytest.mark.parametrize("turns", [[1.5, 1.5, 0.99, 1.5, 1.5], [1.02] * 5])
def test_what_may_be_noise_is_not_faster(turns):
    speeds, tried = tuned(Workers(jit_compile=turns))
    assert not tried["jit_compile"].is_faster
    assert speeds.best == {}


def test_a_setting_that_fails_says_why_and_the_others_go_on():
    workers = Workers(
        jit_compile=ValueError("No registered kernel\nat 0x0"),
        precision=WorkerLostError("Its worker died"),
        batch_size=TimeoutError(),
        steps_per_execution=1.2,
    )
    speeds, tried = tuned(workers)
    assert tried["jit_compile"].note == "fails: No registered kernel"
    assert (
        tried["precision"].note == "its process was ended by the system, as where memory is short"
    )
    assert tried["batch_size"].note == "given up: it takes longer to begin than there is time"
    assert speeds.best == {"steps_per_execution": 10}
    assert {"jit_compile", "precision", "batch_size"} <= {*workers.dropped}


def test_what_there_is_no_time_for_is_not_tried():
    # To begin, and a turn: 2.5 seconds. Then a setting is expected to take 8, and takes 7.
    workers = Workers(begin_seconds=2.0, turn_seconds=0.5)
    _, tried = tuned(workers, minutes=0.2)
    assert tried["steps_per_execution"].ratios
    assert {tried[name].note for name in ("precision", "jit_compile", "threads")} == {
        "not tried: no time is left"
    }
    assert workers.now == 9.5


def test_a_time_for_the_recipe_alone_is_refused_with_what_it_needs():
    with pytest.raises(ValueError, match=r"for the recipe as it is alone.* at least 0\.2 here"):
        tuned(Workers(), minutes=0.15)
    with pytest.raises(ValueError, match="`minutes` must be a number greater than 0"):
        tuned(Workers(), minutes=0)
