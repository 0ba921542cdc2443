import copy
import json
import math
import re
from types import SimpleNamespace

import numpy as np
import pytest
from scipy import stats

from kerasrecipes.page.formats import number
from kerasrecipes.report import write_search
from kerasrecipes.report.index.scripts import PageScript
from kerasrecipes.report.search import figures as search_figures
from kerasrecipes.report.search.finalists import finalist_rows
from kerasrecipes.report.search.importance import option_importance
from kerasrecipes.report.search.pareto import pareto_figure, pareto_front
from kerasrecipes.report.search.search_comparison import (
    difference_rows,
    found_row,
    setting_rows,
    value_rows,
    write_search_comparison,
)
from kerasrecipes.report.search.search_page import render_search
from kerasrecipes.report.search.trials import Option, options_of, score_text, spans
from kerasrecipes.tuning.constraints import Constraint
from tests.report.run.test_run_page import EVIL, Page

SPACE = {
    "optimizer": {
        "range": "choice",
        "options": ["SGD", "Adam"],
        "spaces": [
            {"optimizer.learning_rate": {"range": "log_uniform", "low": 1e-3, "high": 1.0}},
            {"optimizer.learning_rate": {"range": "log_uniform", "low": 1e-4, "high": 1e-1}},
        ],
    },
    "optimizer.momentum": {"range": "uniform", "low": 0.0, "high": 0.9},
    "batch_size": {"range": "choice", "options": [64, 32]},
}
PATHS = ["optimizer", "optimizer.learning_rate", "optimizer.momentum", "batch_size"]
CONDITIONAL = "optimizer.learning_rate if optimizer=SGD"
ROW = {"epochs": 2, "cost_epochs": 2, "parent": None, "status": "completed", "cause": None}


def trials(count=24):
    """Returns trials whose score depends on their learning rate alone, by its logarithm."""
    random = np.random.default_rng(0)
    rows = []
    for index in range(count):
        exponent = random.uniform(-3, -1)
        rows.append(
            {
                **ROW,
                "trial": f"{index:04d}",
                "rung": 1 + index % 2,
                "seconds": 1.5,
                "score": 1 + exponent / 10,
                "optimizer": ("SGD", "Adam")[random.integers(2)],
                "optimizer.learning_rate": 10**exponent,
                "optimizer.momentum": random.uniform(0, 0.9) if index else None,
                "batch_size": int(random.choice([32, 64])),
            }
        )
    return rows


@pytest.fixture
def search(tmp_path):
    rows = trials()
    best = max(rows, key=lambda row: row["score"])["trial"]
    (tmp_path / "best_recipe.json").write_text(json.dumps({"kerasrecipes": 1}))
    ranges = {"low": None, "high": None, "options": None}
    return SimpleNamespace(
        folder=tmp_path,
        objective="val_accuracy",
        direction="max",
        settings={
            "recipe": {"model": {"use": "MLP"}, "data": {"use": "Digits"}},
            "space": SPACE,
            "rungs": ["12x2", "12x3"],
            "objective": "val_accuracy",
            "seed": 0,
            "folds": 3,
        },
        trial_rows=rows,
        regions=[
            {**ranges, "rung": 1, "path": "optimizer", "options": ["SGD", "Adam"]},
            {**ranges, "rung": 2, "path": "optimizer", "options": ["Adam"]},
            {**ranges, "rung": 2, "path": "batch_size", "low": 64, "high": 64},
            {**ranges, "rung": 1, "path": "optimizer.momentum", "low": 0.0, "high": 0.9},
            {**ranges, "rung": 2, "path": CONDITIONAL, "low": 0.01, "high": 0.1},
        ],
        finalists=[
            {"label": label, "seed": seed, "validation_accuracy": score, "validation_n": 100}
            for label, scores in {best: (0.88, 0.9, 0.92), "0001": (0.87, 0.88, 0.92)}.items()
            for seed, score in enumerate(scores, start=1)
        ],
        scored_on_test=[],
        result={
            "trial": best,
            "changes": {"optimizer": "Adam", "optimizer.learning_rate": 0.0123456},
            "set_line": "--set optimizer=Adam --set optimizer.learning_rate=0.0123456",
            "score": {"mean": 0.87654, "low": 0.85, "high": 0.89, "n": 3},
            "test": None,
            "epochs_trained": 48,
            "at_bounds": {"optimizer.momentum": "high", CONDITIONAL: "low"},
        },
    )


def test_a_finished_search_is_a_page(search):
    path = write_search(search)
    assert path == search.folder / "search.html"
    page = Page(path.read_text("utf-8"))
    text = " ".join(page.texts)
    for part in (
        "24 trials of MLP on Digits, 48 epochs in 36 s",
        "12x2, 12x3 (trials x epochs), by val_accuracy, 3 folds.",
        "87.65%",
        "85.00% to 89.00%",
        "mean of 3 seeds",
        search.result["set_line"],
        "the best lie at the high end of the range",
        "the best lie at the low end of the range if optimizer=SGD",
        "the test images were not used",
    ):
        assert part in text
    assert page.tags.count("svg") == 1 + 4, "parallel axes, and an option each"
    script = PageScript.of("sorting.js", "../search/trials.js")
    assert page.tags.count("script") == 1
    assert page.source.count(f"<script>{script.text}</script>") == 1
    policy = next(value for name, value in page.attributes if "script-src" in (value or ""))
    assert policy.endswith(f"script-src {script.policy}"), "and no other script may run"
    assert "innerHTML" not in script.text
    assert write_search(search).read_text("utf-8") == page.source, "the same bytes again"


def test_an_unfinished_search_says_so(search):
    search.result, search.finalists, search.trial_rows, search.regions = {}, [], [], []
    (search.folder / "best_recipe.json").unlink()
    page = Page(render_search(search))
    text = " ".join(page.texts)
    assert "This search has not come to its end." in text
    assert "No trial has a score yet." in text
    assert "There are too few trials to measure the importance of options." in text
    assert "svg" not in page.tags


def test_failures_are_listed_and_no_text_becomes_markup(search):
    failed = {
        **search.trial_rows[0],
        "trial": "0024",
        "status": "failed",
        "score": None,
        "cause": EVIL,
    }
    search.trial_rows = [*search.trial_rows, failed]
    search.result = copy.deepcopy(search.result) | {"set_line": EVIL}
    page = Page(render_search(search))
    assert page.tags.count("script") == 1
    assert " ".join(page.texts).count(EVIL) == 2


def test_finalists_are_compared_with_the_chosen_one(search):
    chosen, other = finalist_rows(search)
    best = search.result["trial"]
    assert [*chosen.values()] == [best, "3", "90.00%", "", "", ""]
    reference = stats.ttest_1samp([-0.01, -0.02, 0.0], 0)
    low, high = (f"{100 * bound:+.2f}" for bound in reference.confidence_interval(0.95))
    cells = ["0001", "3", "89.00%", "-1.00", f"{low} to {high}", number(reference.pvalue)]
    assert [*other.values()] == cells
    texts = Page(render_search(search)).texts
    assert {"mean val_accuracy", "difference in points", "p by Holm", *cells} <= {*texts}
    # One finalist has nobody to be compared with.
    search.finalists = search.finalists[:3]
    assert finalist_rows(search) == []
    assert "Finalists" not in " ".join(Page(render_search(search)).texts)


def test_a_score_of_one_training_is_called_luck(search):
    search.finalists, search.result["score"] = [], {"mean": 0.9, "n": 1}
    assert "in part luck" in " ".join(Page(render_search(search)).texts)


def test_the_retrained_winner_has_its_test_score(search):
    search.result["test"] = {"accuracy": 0.75, "n": 12, "accuracy_interval": [0.468, 0.911]}
    text = " ".join(Page(render_search(search)).texts)
    assert "75.0%" in text
    assert "were not used" not in text


@pytest.mark.parametrize("test", [None, {"accuracy": 0.75, "n": 12, "accuracy_interval": [0, 1]}])
def test_that_finalists_were_scored_on_test_images_is_said(search, test):
    search.scored_on_test, search.result["test"] = [{"test_accuracy": 0.8}] * 9, test
    text = " ".join(Page(render_search(search)).texts)
    assert "Each of the 9 runs of finalists was scored on the test images too" in text
    assert "were not used" not in text


def test_options_merge_the_ranges_of_a_path():
    rate = next(o for o in options_of({"space": SPACE}, []) if o.path.endswith("rate"))
    assert (rate.low, rate.high, rate.log) == (1e-4, 1.0, True)
    assert rate.position(1e-2) == pytest.approx(0.5)
    assert math.isnan(rate.position(None))
    batch = next(o for o in options_of({"space": SPACE}, []) if o.path == "batch_size")
    assert batch.labels == ("32", "64")
    assert batch.position(64) == 0.75


def test_ranges_under_a_condition_are_drawn(search):
    options = options_of(search.settings, search.trial_rows)
    (rate,) = [option for option in options if option.path == "optimizer.learning_rate"]
    drawn = [
        search_figures.option_figure(rate, search.trial_rows, regions, "val_accuracy").count(
            "<path"
        )
        for regions in ([], search.regions)
    ]
    assert drawn[1] == drawn[0] + 1


def test_the_axis_of_a_widened_range_reaches_its_trials():
    row = {"optimizer.momentum": 1.1}
    momentum = options_of({"space": SPACE}, [row])[2]
    assert momentum.high == 1.1
    assert momentum.position(1.1) == 1.0


def test_spans_of_a_choice_are_its_remaining_options():
    option, half = Option("x", labels=("a", "b", "c")), 0.4 / 3
    region = {"options": ["b", "c"], "low": None, "high": None}
    middle, last = spans(option, region)
    assert middle == pytest.approx((0.5 - half, 0.5 + half))
    assert last == pytest.approx((2.5 / 3 - half, 2.5 / 3 + half))
    (first,) = spans(option, {**region, "options": '["a"]'})
    assert first == pytest.approx((0.5 / 3 - half, 0.5 / 3 + half))


def test_spans_of_numbers_that_are_ordered_lie_between_the_ends():
    option = Option("x", labels=("32", "64", "128"))
    found = spans(option, {"options": None, "low": 64, "high": 128})
    assert [start for start, _ in found] == pytest.approx([0.5 - 0.4 / 3, 2.5 / 3 - 0.4 / 3])
    assert spans(Option("y"), {"low": 0.25, "high": 0.5}) == [(0.25, 0.5)]


@pytest.mark.parametrize("lower_is_better", [False, True])
def test_importance_finds_the_option_that_makes_the_score(lower_is_better):
    rows = trials()
    if lower_is_better:
        rows = [{**row, "score": -row["score"]} for row in rows]
    found = option_importance(
        rows, options_of({"space": SPACE}, rows), lower_is_better=lower_is_better
    )
    assert found.r2 > 0.6
    names = list(found.falls)
    assert names[0] == "optimizer.learning_rate"
    assert found.falls[names[0]] > 5 * max(0.01, found.falls[names[1]])
    assert set(names) == {"optimizer", "optimizer.momentum", "batch_size", "rung", names[0]}


def test_importance_is_measured_in_shares_of_the_variance():
    """Shuffling the one option that explains all replaces a rank by an independent one.

    The mean squared difference of two independent ranks is twice their variance: R² falls by 2.
    """
    found = option_importance(trials(400), options_of({"space": SPACE}, trials(400)))
    assert found.r2 > 0.98
    assert found.falls["optimizer.learning_rate"] == pytest.approx(2, abs=0.15)
    others = [fall for name, fall in found.falls.items() if name != "optimizer.learning_rate"]
    assert np.abs(others).max() < 0.01


def test_a_failed_trial_is_the_worst_whichever_way_scores_are_better():
    rows = [{**row, "score": None} if row["score"] < 0.75 else row for row in trials()]
    losses = [{**row, "score": row["score"] and -row["score"]} for row in rows]
    options = options_of({"space": SPACE}, rows)
    expected = option_importance(rows, options)
    assert option_importance(losses, options, lower_is_better=True) == expected
    assert option_importance(losses, options) != expected


def test_importance_needs_trials_that_differ():
    rows = trials(9)
    options = options_of({"space": SPACE}, rows)
    assert option_importance(rows, options) is None
    assert option_importance([{**row, "score": 0.5} for row in trials()], options) is None


def test_accuracies_are_written_in_percent():
    assert score_text("val_accuracy", 0.98765) == "98.77%"
    assert score_text("val_loss", 0.98765) == "0.9877"
    assert score_text("val_accuracy", None) == "–"


def test_bad_scores_do_not_compress_the_axis_of_the_good_ones():
    good = [0.9, 0.91, 0.92, 0.93, 0.94, 0.95]
    low, high = search_figures._limits([*good, 0.1], lower_is_better=False)
    assert high == 0.95
    assert 0.8 < low < 0.9
    low, high = search_figures._limits([0.1, 0.11, 0.12, 0.13, 9.0], lower_is_better=True)
    assert low == 0.1
    assert high < 0.2
    assert search_figures._limits([0.5], lower_is_better=False) == (0.45, 0.5)


def test_all_trials_are_in_a_table_whose_values_are_what_it_is_sorted_by(search):
    search.trial_rows = [*search.trial_rows, {**search.trial_rows[0], "trial": "0024"}]
    search.trial_rows[-1] |= {"score": None, "status": "infeasible", "cause": "Infeasible: " + EVIL}
    page = render_search(search)
    table = page[page.index('<table id="table"') :]
    names = ["trial", "rung", "epochs", "status", "score", "seconds", *PATHS]
    assert re.findall(r'data-name="([^"]*)"', table) == names
    assert 'data-name="score" data-best="high"' in table
    rows = table[: table.index("</table>")].count("<tr")
    assert rows == 1 + 25
    rates = re.findall(r'class="number" data-value="(0\.\d+)"', table)
    assert repr(search.trial_rows[0]["optimizer.learning_rate"]) in rates
    assert EVIL not in page


def test_the_front_is_of_trials_that_none_beats_in_both():
    random = np.random.default_rng(0)
    rows = [
        {"trial": f"{n:04d}", "score": score, "p": cost}
        for n, (score, cost) in enumerate(random.random((60, 2)))
    ]
    rows.append({"trial": "0060", "score": None, "p": 0.0})
    for sign, lower in (("<", False), (">", True)):
        constraint = Constraint("p", sign, 0.5)
        front = {row["trial"] for row in pareto_front(rows, constraint, lower_is_better=lower)}
        better = (lambda a, b: a < b) if lower else (lambda a, b: a > b)
        cheaper = (lambda a, b: a < b) if sign == "<" else (lambda a, b: a > b)
        expected = {
            row["trial"]
            for row in rows[:-1]
            if not any(
                better(other["score"], row["score"]) and cheaper(other["p"], row["p"])
                for other in rows[:-1]
            )
        }
        assert front == expected
        assert 1 < len(front) < 30
    figure = pareto_figure(rows, Constraint("p", "<", 0.5), "val_accuracy", best="0003")
    assert "against p" in figure
    assert pareto_figure(rows, Constraint("q", "<", 0.5), "val_accuracy") is None


def compared(search, folder, chosen="0001", seed=1, offset=0.0, **settings):
    """Returns a search like another one, with finalists whose scores are a little higher."""
    other = copy.deepcopy(search)
    other.folder = folder
    other.settings |= settings
    other.numerics_version, other.finished = 3, True
    other.recipe = SimpleNamespace(flatten=lambda: {"batch_size": 32, "epochs": seed})
    other.best = other.trial_rows[seed]
    other.result |= {"trial": chosen}
    other.finalists = [
        {
            "label": chosen,
            "seed": each,
            "validation_accuracy": 0.9 + 0.01 * each + offset,
            "data_hash": "d",
            "numerics_version": 3,
        }
        for each in (1, 2, 3)
    ]
    return other


def test_searches_are_compared_by_their_best_with_further_seeds(search, tmp_path):
    one = compared(search, tmp_path / "one")
    two = compared(search, tmp_path / "two", chosen="0003", seed=2, offset=0.005, rungs=["9x9"])
    named = {"one": one, "two": two}
    (row,), notes = difference_rows(named)
    assert (row["search"], row["against"], row["pairs"]) == ("two", "one", 3)
    assert row["difference of val_accuracy in points"] == "+0.5"
    assert notes == []
    settings = {each["setting"]: (each["one"], each["two"]) for each in setting_rows(named)}
    assert list(settings) == ["rungs", "recipe: epochs"]
    assert settings["recipe: epochs"] == ("1", "2")
    assert [each["option"] for each in value_rows(named)] == PATHS
    assert found_row("one", one)["n"] == search.result["score"]["n"]
    two.finalists = []
    rows, (note,) = difference_rows(named)
    assert rows == []
    assert "has no finalists, which further seeds would train" in note
    page = Page(write_search_comparison([one, two], tmp_path / "both.html").read_text("utf-8"))
    assert page.tags.count("svg") == 1
    assert "script" not in page.tags
