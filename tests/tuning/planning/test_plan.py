import keras_tuner
import numpy as np
import pytest

from kerasrecipes.tuning.planning.observations import Observation
from kerasrecipes.tuning.planning.plan import MIN_DISTANCE, WAIT, Plan, _perturbed
from kerasrecipes.tuning.planning.surrogate import Surrogate
from kerasrecipes.tuning.planning.unit_cube import UnitCube
from kerasrecipes.tuning.rungs import rungs_of

pytestmark = pytest.mark.backend_neutral


def _cube():
    hps = keras_tuner.HyperParameters()
    hps.Float("x", 0.0, 1.0)
    hps.Float("y", 0.0, 1.0)
    return UnitCube(hps.space)


def _score(point):
    return 1 - (point[0] - 0.3) ** 2 - (point[1] - 0.7) ** 2


def _ended(proposal, trials, score=None):
    """Returns a proposal as a trial that ended."""
    parent = next((t for t in trials if t.name == proposal.parent), None)
    initial = parent.epochs if parent else 0
    score = _score(proposal.point) if score is None else score
    curve = tuple(score - 1 / e for e in range(1, proposal.epochs + 1))
    return Observation(
        name=str(len(trials)),
        point=proposal.point,
        rung=proposal.rung,
        epochs=proposal.epochs,
        cost_epochs=proposal.epochs - initial,
        score=score if score == -np.inf else curve[-1],
        parent=proposal.parent,
        curve=() if score == -np.inf else curve,
        initial_epoch=initial,
    )


def test_a_trial_is_complete_with_a_score_and_all_of_its_epochs():
    def trial(own_epochs, score, **options):
        return Observation("0", np.zeros(2), 0, 4, own_epochs, score, **options)

    assert trial(4, 0.5).is_complete
    assert not trial(3, 0.5).is_complete
    assert trial(3, 0.5, initial_epoch=1).is_complete
    assert not trial(4, -np.inf).is_complete
    assert not trial(4, None).has_score


def _run(plan, score=None):
    trials = []
    while (proposal := plan.next(trials)) is not None:
        trials.append(_ended(proposal, trials, score))
    return trials


def test_each_rung_spends_its_budget_and_begins_with_the_best():
    plan = Plan(_cube(), rungs_of("16x1,6x3,3x9"), seed=0, promoted_fraction=0.5)
    trials = _run(plan)
    for number, rung in enumerate(plan.rungs):
        here = [t for t in trials if t.rung == number]
        cost = sum(t.cost_epochs for t in here)
        assert rung.budget_epochs - rung.epochs < cost <= rung.budget_epochs
    first, second = ([t for t in trials if t.rung == rung] for rung in (0, 1))
    best = sorted(first, key=lambda t: -t.score)[:3]
    assert [t.parent for t in second[:3]] == [t.name for t in best]
    assert all(t.parent is None for t in second[3:])
    assert max(_score(t.point) for t in trials) > 0.995


def _finite():
    hps = keras_tuner.HyperParameters()
    hps.Choice("kind", ["a", "b"])
    with hps.conditional_scope("kind", ["b"]):
        hps.Int("units", 1, 4)
    return UnitCube(hps.space)


@pytest.mark.parametrize("model", [True, False])
def test_a_finite_space_is_tried_once_at_each_length(model):
    cube = _finite()
    values = [{"kind": "a"}, *({"kind": "b", "units": n} for n in range(1, 5))]
    trials = _run(Plan(cube, rungs_of("20x2,9x3"), seed=0, model=model), score=0.5)
    for rung in (0, 1):
        tried = [cube.decode(trial.point) for trial in trials if trial.rung == rung]
        assert sorted(tried, key=str) == sorted(values, key=str)


def test_a_point_that_was_tried_gives_way_to_the_nearest_that_was_not():
    hps = keras_tuner.HyperParameters()
    hps.Int("x", 1, 10)
    cube = UnitCube(hps.space)
    plan = Plan(cube, rungs_of("10x1"))

    def at(x):
        return cube.encode({"x": x})

    def instead_of(x, tried):
        here = [Observation(str(each), at(each), 0, 1, 1, 0.5) for each in tried]
        return cube.decode(plan._untried(at(x), here))["x"]

    assert instead_of(7, [2, 3]) == 7
    assert instead_of(7, [5, 6, 7]) == 8
    assert instead_of(7, [6, 7, 8, 9]) == 5


def test_the_grid_of_a_finite_space():
    cube = _finite()
    assert [cube.decode(point) for point in cube.grid.values()] == [
        {"kind": "a"},
        *({"kind": "b", "units": n} for n in range(1, 5)),
    ]
    assert [np.isnan(units) for _, units in cube.grid.values()] == [True, *[False] * 4]
    for add in (
        lambda hps: hps.Float("x", 0.0, 1.0),
        lambda hps: hps.Int("x", 1, 9, sampling="log"),
        lambda hps: hps.Int("x", 1, 5000),
        lambda hps: hps.Fixed("x", 1),
    ):
        hps = keras_tuner.HyperParameters()
        add(hps)
        assert UnitCube(hps.space).grid is None


def test_promoted_trials_that_are_trained_anew_cost_their_whole_length():
    plan = Plan(_cube(), rungs_of("8x1,4x3"), seed=0, continues=False)
    trials = []
    while (proposal := plan.next(trials)) is not None:
        ended = _ended(proposal, trials)
        trials.append(
            Observation(**{**vars(ended), "cost_epochs": ended.epochs, "initial_epoch": 0})
        )
    assert [t.cost_epochs for t in trials if t.rung == 1] == [3, 3, 3, 3]


def test_a_promoted_trial_that_is_trained_anew_must_fit_the_rest_of_the_budget():
    """Three trials of 3 epochs and one that was stopped leave 2 of 12 epochs."""
    for continues in (True, False):
        plan = Plan(_cube(), rungs_of("4x1,4x3"), continues=continues)
        first = [Observation(str(n), np.full(2, n / 8), 0, 1, 1, n / 8) for n in range(4)]
        costs = (3, 3, 3, 1)
        second = [
            Observation(str(4 + n), np.full(2, n / 9), 1, 3, cost, 0.5)
            for n, cost in enumerate(costs)
        ]
        proposal = plan.next([*first, *second])
        assert (proposal.parent if proposal else None) == ("3" if continues else None)


@pytest.mark.parametrize(("promoted_fraction", "expected"), [(0.0, 0), (0.5, 3), (1.0, 6)])
def test_the_promoted_fraction(promoted_fraction, expected):
    trials = _run(Plan(_cube(), rungs_of("16x1,6x3"), promoted_fraction=promoted_fraction))
    assert sum(t.parent is not None for t in trials) == expected


def test_epochs_too_few_for_a_new_trial_go_to_one_more_promoted_trial():
    trials = _run(Plan(_cube(), rungs_of("16x2,5x6"), promoted_fraction=0.4))
    second = [t for t in trials if t.rung == 1]
    # 30 epochs: 4 each for two promoted trials, 6 each for three new ones, 4 for one more
    # promoted trial.
    assert [t.cost_epochs for t in second] == [4, 4, 6, 6, 6, 4]
    best = sorted((t for t in trials if t.rung == 0), key=lambda t: -t.score)[:3]
    assert [t.parent for t in second] == [
        best[0].name,
        best[1].name,
        None,
        None,
        None,
        best[2].name,
    ]


def test_the_model_is_fitted_on_a_point_s_scores_at_every_length(monkeypatch):
    """Those of shorter lengths are in the curve, unless a promoted trial was trained anew."""
    fitted = []
    monkeypatch.setattr(Surrogate, "fit", lambda self, features, scores: fitted.append(scores))
    short = Observation("0", np.array([0.2, 0.4]), 0, 2, 2, 0.3, None, (0.1, 0.3))
    longer = {"epochs": 6, "parent": "0", "initial_epoch": 2}
    curve = (0.1, 0.3, 0.4, 0.5, 0.55, 0.6)
    for continues in (True, False):
        plan = Plan(_cube(), rungs_of("8x2,4x4,2x6"), continues=continues)
        promoted = Observation("1", short.point, 2, cost_epochs=4, score=0.6, curve=curve, **longer)
        alone = Observation("2", np.array([0.9, 0.1]), 1, 4, 4, -np.inf)
        plan._model([short, promoted, alone])
        middle = 0.5 if continues else np.nan
        np.testing.assert_array_equal(fitted.pop(), [[0.3, middle, 0.6], [np.nan, -np.inf, np.nan]])


def test_the_first_rung_is_spread_evenly_without_a_model():
    trials = _run(Plan(_cube(), rungs_of("32x1"), seed=3, model=False))
    for axis in range(2):
        counts, _ = np.histogram([t.point[axis] for t in trials], bins=8, range=(0, 1))
        assert list(counts) == [4] * 8


def test_a_model_chooses_the_last_four_tenths_of_the_first_rung():
    plan, spread = (Plan(_cube(), rungs_of("40x1,5x2"), seed=3, model=m) for m in (True, False))
    trials, evenly = _run(plan)[:40], _run(spread)[:40]
    assert all(np.array_equal(a.point, b.point) for a, b in zip(trials[:24], evenly, strict=False))
    scores = [_score(t.point) for t in trials]
    assert np.median(scores[24:]) > 0.95 > np.median(scores[:24])
    # With many workers, so few trials have ended that a model would know nothing.
    running = [Observation(**{**vars(t), "score": None, "curve": ()}) for t in trials[2:30]]
    np.testing.assert_array_equal(
        plan.next([*trials[:2], *running]).point, spread.next([*trials[:2], *running]).point
    )


def test_the_first_rung_explores_no_more_than_it_does_anyway():
    plans = (Plan(_cube(), rungs_of("30x1"), seed=3, exploration=e) for e in (0.0, 1.0))
    none, much = ([trial.point for trial in _run(plan)] for plan in plans)
    np.testing.assert_array_equal(none, much)


def test_exploration_leaves_the_region():
    plan = Plan(_cube(), rungs_of("32x1,40x2"), exploration=0.5, promoted_fraction=0.0, model=False)
    trials = _run(plan)
    region = plan.region(1, trials)
    new = np.stack([t.point for t in trials if t.rung == 1])
    inside = np.all((new >= region.low) & (new <= region.high), axis=1)
    assert 0.5 <= inside.mean() <= 0.85
    none = Plan(_cube(), rungs_of("32x1,40x2"), exploration=0.0, promoted_fraction=0.0, model=False)
    new = np.stack([t.point for t in _run(none) if t.rung == 1])
    assert np.all((new >= region.low - 1e-9) & (new <= region.high + 1e-9))


def test_new_points_keep_a_distance_from_all_earlier_ones():
    trials = _run(Plan(_cube(), rungs_of("12x1,8x3")))
    new = [t for t in trials if t.rung == 1 and t.parent is None]
    for trial in new:
        others = [t.point for t in trials[: int(trial.name)]]
        assert min(np.abs(trial.point - other).max() for other in others) >= 2 * MIN_DISTANCE - 1e-9


def test_the_same_trials_lead_to_the_same_next_one():
    trials = _run(Plan(_cube(), rungs_of("12x1,8x3")))
    for count in (5, 12, 16, 18):
        resumed = Plan(_cube(), rungs_of("12x1,8x3")).next(trials[:count])
        np.testing.assert_array_equal(resumed.point, trials[count].point)
        assert resumed.parent == trials[count].parent
    other = Plan(_cube(), rungs_of("12x1,8x3"), seed=1).next([])
    assert not np.array_equal(other.point, trials[0].point)


def test_a_rung_waits_for_the_one_before():
    plan = Plan(_cube(), rungs_of("4x1,2x3"))
    trials = _run(plan)[:4]
    running = Observation(**{**vars(trials[3]), "score": None, "curve": ()})
    assert plan.next([*trials[:3], running]) == WAIT
    assert plan.next(trials).rung == 1


@pytest.mark.parametrize("rungs", ["16x1,6x3", "12x1,6x3,2x9", "24x1,8x3"])
def test_more_trials_and_longer_rungs_go_on_from_the_trials_that_are_there(rungs):
    trials = _run(Plan(_cube(), rungs_of("12x1,6x3")))
    before = [*trials]
    plan = Plan(_cube(), rungs_of(rungs))
    while (proposal := plan.next(trials)) is not None:
        trials.append(_ended(proposal, trials))
    assert trials[: len(before)] == before
    for number, rung in enumerate(plan.rungs):
        here = [t for t in trials if t.rung == number]
        assert rung.budget_epochs - rung.epochs < sum(t.cost_epochs for t in here)
        assert sum(t.cost_epochs for t in here) <= rung.budget_epochs
    new = [t.rung for t in trials[len(before) :]]
    assert new == sorted(new)


def test_failed_and_stopped_trials_are_not_promoted():
    plan = Plan(_cube(), rungs_of("4x3,2x9"))
    trials = _run(plan)[:4]
    best = max(range(4), key=lambda i: trials[i].score)
    for change in ({"score": -np.inf, "curve": ()}, {"cost_epochs": 2}):
        changed = [*trials]
        changed[best] = Observation(**{**vars(trials[best]), **change})
        # The epochs that a stopped trial left pay for another trial of its rung.
        while (proposal := plan.next(changed)).rung == 0:
            changed.append(_ended(proposal, changed))
        assert proposal.parent not in (None, str(best))


def test_a_search_whose_trials_all_fail_ends():
    trials = _run(Plan(_cube(), rungs_of("6x1,3x3")), score=-np.inf)
    assert len(trials) == 9


def test_new_points_are_drawn_around_good_trials_and_not_around_long_ones_that_failed(monkeypatch):
    from kerasrecipes.tuning.planning import plan as module

    seen = []
    drawn = module._perturbed
    monkeypatch.setattr(module, "_perturbed", lambda p, rng: seen.append(p) or drawn(p, rng))
    plan = Plan(_cube(), rungs_of("16x1,9x3"), seed=0, promoted_fraction=0.0, exploration=0.0)
    trials = []
    while (proposal := plan.next(trials)) is not None:
        trials.append(_ended(proposal, trials, -np.inf if proposal.rung else None))
    best = sorted((t for t in trials if t.rung == 0), key=lambda t: -t.score)[:8]
    np.testing.assert_array_equal(seen[-1], [t.point for t in best])


def test_half_of_the_coordinates_are_moved_by_normal_steps_of_three_sizes():
    centers = np.array([[0.5, np.nan]] * 1000)
    moves = _perturbed(centers, np.random.default_rng(0)) - 0.5
    assert moves.shape == (32_000, 2)
    moved = moves[moves != 0]
    assert len(moved) / moves.size == pytest.approx(0.5, abs=0.01)
    # Moments of a normal distribution whose deviation is 0.02, 0.05 or 0.1.
    sizes = np.array([0.02, 0.05, 0.1])
    assert np.mean(np.abs(moved)) == pytest.approx(sizes.mean() * np.sqrt(2 / np.pi), rel=0.03)
    assert np.mean(moved**2) == pytest.approx(np.mean(sizes**2), rel=0.05)
