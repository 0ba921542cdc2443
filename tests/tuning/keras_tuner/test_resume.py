import sys

import pytest

from kerasrecipes.tuning.keras_tuner.trial_values import EPOCHS
from tests.tuning.black_box import BlackBox, in_child, kill_at

pytestmark = [
    pytest.mark.backend_neutral,
    pytest.mark.skipif(sys.platform == "win32", reason="needs SIGKILL"),
]
# A whole search makes fewer writes: about four for each trial, and one for each epoch.
WRITES = 210


def _trials(tuner):
    return [
        (t.name, t.rung, t.score, t.parent, tuple(t.point)) for t in tuner.oracle.observations()
    ]


@pytest.fixture(scope="module")
def whole(tmp_path_factory):
    return _trials(BlackBox(tmp_path_factory.mktemp("whole")).run())


def _killed_and_resumed(tmp_path, monkeypatch, moment):
    def killed():
        kill_at(moment, monkeypatch)
        BlackBox(tmp_path).run()

    code = in_child(killed)
    before = (tmp_path / "journal").read_text().split("\n") if code else []
    tuner = BlackBox(tmp_path).run()
    after = (tmp_path / "journal").read_text().split("\n")[max(0, len(before) - 1) :]
    return code, before, after, tuner


@pytest.mark.parametrize("moment", [2, 3, 4, 5, 9, 30, 61, 62, 63, 64, 65, 120])
def test_a_search_killed_at_any_write_ends_as_one_that_was_not(
    tmp_path, monkeypatch, whole, moment
):
    (tmp_path / "journal").touch()
    code, before, after, tuner = _killed_and_resumed(tmp_path, monkeypatch, moment)
    assert code == -9
    _check(before, after, tuner, whole)


@pytest.mark.slow
def test_a_search_killed_at_every_write(tmp_path, monkeypatch, whole):
    killed = 0
    for moment in range(WRITES):
        folder = tmp_path / str(moment)
        folder.mkdir()
        (folder / "journal").touch()
        code, before, after, tuner = _killed_and_resumed(folder, monkeypatch, moment)
        killed += code == -9
        _check(before, after, tuner, whole)
    assert killed > 100


def _check(before, after, tuner, whole):
    """Checks that the trials are those without the kill, and that no ended trial was run again."""
    assert _trials(tuner) == whole
    ended = {line.split()[0] for line in before if line.endswith("ended")}
    again = {line.split()[0] for line in after if line}
    assert not ended & again


def test_changed_ranges_rungs_and_options_are_noticed(tmp_path):
    BlackBox(tmp_path).run()
    with pytest.raises(ValueError, match="another search: its `rungs`"):
        BlackBox(tmp_path, rungs="9x1")
    with pytest.raises(ValueError, match="another search: its `options`"):
        BlackBox(tmp_path, seed=1)
    BlackBox(tmp_path, seed=1, overwrite=True)


def test_a_search_goes_on_with_more_trials_and_longer_rungs(tmp_path):
    first = _trials(BlackBox(tmp_path, rungs="8x1,4x2").run())
    ended = len((tmp_path / "journal").read_text().split("\n"))
    tuner = BlackBox(tmp_path, rungs="12x1,8x2,2x4").run()
    trials = _trials(tuner)
    assert trials[: len(first)] == first
    new = (tmp_path / "journal").read_text().split("\n")[ended - 1 :]
    assert not {name for name, *_ in first} & {line.split()[0] for line in new if line}
    assert [t[1] for t in trials[len(first) :]] == sorted(t[1] for t in trials[len(first) :])
    for rung, spent in enumerate((12, 16, 8)):
        here = [t for t in tuner.oracle.observations() if t.rung == rung]
        assert spent - (1, 2, 4)[rung] < sum(t.cost_epochs for t in here) <= spent
    # With fewer, it is the search that it became.
    assert _trials(BlackBox(tmp_path, rungs="8x1,4x2").run()) == trials
    for other in ("12x1,7x3", "12x2"):
        with pytest.raises(ValueError, match="another search: its `rungs`.*'8x2', '2x4'"):
            BlackBox(tmp_path, rungs=other)


def test_a_search_of_one_rung_goes_on_whether_longer_trials_continue_or_not(tmp_path):
    BlackBox(tmp_path, rungs="4x1").run()
    tuner = BlackBox(tmp_path, rungs="4x1,2x3", continue_training=False).run()
    assert [t.cost_epochs for t in tuner.oracle.observations() if t.rung == 1] == [3, 3]
    with pytest.raises(ValueError, match="another search: its `options`"):
        BlackBox(tmp_path, rungs="4x1,2x3")


def test_a_finished_search_runs_nothing_again(tmp_path):
    BlackBox(tmp_path).run()
    lines = (tmp_path / "journal").read_text()
    BlackBox(tmp_path).run()
    assert (tmp_path / "journal").read_text() == lines


def test_rungs_narrow_and_promoted_trials_continue(tmp_path):
    tuner = BlackBox(tmp_path, rungs="24x1,8x2,4x4").run()
    trials = tuner.oracle.observations()
    assert sum(t.cost_epochs for t in trials if t.rung == 0) == 24
    for number, rung in enumerate(tuner.oracle.rungs):
        cost = sum(t.cost_epochs for t in trials if t.rung == number)
        assert rung.budget_epochs - rung.epochs < cost <= rung.budget_epochs
    promoted = [t for t in trials if t.parent is not None]
    parents = {t.name: t for t in trials}
    assert promoted
    for trial in promoted:
        assert trial.cost_epochs == trial.epochs - parents[trial.parent].epochs
        assert len(trial.curve) == trial.epochs
    best = tuner.get_best_hyperparameters()[0].values
    assert best[EPOCHS] == 4
    assert best["kind"] == "good"
    assert abs(best["x"] - 0.3) < 0.15
    assert abs(best["y"] - 0.7) < 0.15
