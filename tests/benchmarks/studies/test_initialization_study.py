from pathlib import Path

import keras
import numpy as np
import pytest

from benchmarks.studies import initialization_experiment as lectures
from benchmarks.studies import initialization_study as study
from benchmarks.studies.initialization_experiment import HE, LECUN, PRINTED, SMALL
from kerasrecipes.base.csv_table import read_rows
from kerasrecipes.initializers import RandomWalk
from kerasrecipes.runs import Sweep

ROOT = Path(__file__).parents[3]


@pytest.fixture(scope="module")
def deviations():
    """Returns a function: the deviations of each layer's outputs, a row for each of two seeds."""
    found = {}

    def of(activation, name, quantity="deviation"):
        key = activation, name
        if key not in found:
            found[key] = [lectures.statistics(activation, name, seed) for seed in range(2)]
        return np.array([[row[quantity] for row in rows] for rows in found[key]])

    return of


def test_small_numbers_give_the_lectures_numbers(deviations):
    """As the lectures print them, but for the fourth, 0.0002378, which has a zero too many."""
    printed = [0.213081, 0.047551, 0.010630, 0.002378, 0.000532, 0.000119, 0.000026, 0.000006]
    found = deviations("tanh", SMALL)
    # The deviation of a product of k matrices varies by about sqrt(k / 500^2) of itself; the last
    # two are printed to a digit or two.
    tolerances = [0.01, 0.01, 0.02, 0.02, 0.02, 0.02, 0.04, 0.1]
    for layer, (value, tolerance) in enumerate(zip(printed, tolerances, strict=True)):
        np.testing.assert_allclose(found[:, layer], value, rtol=tolerance)
    np.testing.assert_allclose(found[:, 9], 3.0e-7, rtol=0.05)


def test_he_s_scale_gives_the_lectures_numbers_and_what_they_print_for_it_explodes(deviations):
    means, found = deviations("relu", HE, "mean"), deviations("relu", HE)
    np.testing.assert_allclose(means[:, 0], 0.5625, rtol=0.01)
    np.testing.assert_allclose(found[:, 0], 0.8252, rtol=0.01)
    # Of the first layers; the scale then walks at random, in the lectures' printout too.
    np.testing.assert_allclose(means[:, :4], 0.56, atol=0.06)
    np.testing.assert_allclose(found[:, :4], 0.83, atol=0.08)
    exploding = deviations("relu", PRINTED)
    np.testing.assert_allclose(exploding[:, :3], [[207, 5.2e4, 1.3e7]] * 2, rtol=0.1)


def test_gradients_vanish_where_outputs_do_and_explode_where_units_saturate(deviations):
    # Backwards each layer multiplies by 0.01 sqrt(500) = 0.2236.
    first = deviations("tanh", SMALL, "gradient")[:, 0]
    np.testing.assert_allclose(first, 0.2236**9, rtol=0.1)
    assert (deviations("tanh", "randn", "saturated") > 0.85).all()
    assert (deviations("tanh", "randn", "gradient")[:, 0] > 1e4).all()
    gradients = deviations("relu", HE, "gradient")
    assert (np.abs(np.log(gradients)) < 0.4).all()


def test_some_relu_units_are_dead_by_the_last_layer_and_no_tanh_unit(deviations):
    dead = deviations("relu", HE, "dead")
    assert (dead[:, 0] == 0).all()
    assert (dead[:, 9] > 0.05).all()
    assert (deviations("tanh", LECUN, "dead") == 0).all()


def test_the_random_walk_s_scale_is_he_s_but_for_a_quarter_percent():
    draw = lectures.INITIALIZERS
    walk, he = (
        keras.ops.convert_to_numpy(draw[name](500, 1)((500, 500))) for name in ("random walk", HE)
    )
    ratio = RandomWalk().scale(500) / np.sqrt(2)
    assert ratio == pytest.approx(1.0024, abs=1e-4)
    np.testing.assert_allclose(walk.std() / he.std(), ratio, rtol=2e-3)


@pytest.mark.parametrize("name", lectures.SLOPES)
def test_slopes_are_those_of_keras_s_activation_functions(name):
    z = np.linspace(-6, 6, 1201)
    numeric = np.diff(lectures.activate(name, z)) / np.diff(z)
    slopes = lectures.SLOPES[name]((z[1:] + z[:-1]) / 2)
    np.testing.assert_allclose(numeric, slopes, atol=1e-3)


def test_the_committed_statistics_are_those_of_this_recipe():
    rows = read_rows(study.STUDY.table("initialization_statistics"))
    names = [(row["activation"], row["initialization"]) for row in rows[::10]]
    assert names == [(f, name) for f in ("tanh", "relu") for name in lectures.INITIALIZERS]
    computed = lectures.statistics("relu", HE)
    stored = [row for row in rows if (row["activation"], row["initialization"]) == ("relu", HE)]
    for a, b in zip(computed, stored, strict=True):
        np.testing.assert_allclose(
            [a["mean"], a["deviation"], a["gradient"]],
            [b["mean"], b["deviation"], b["gradient"]],
            rtol=0.01,
        )


def test_the_committed_runs_are_of_this_recipe():
    rows = {(r["label"], r["seed"]): r for r in Sweep.read(study.STUDY.table()).rows}
    changes = study.training_changes()
    assert set(rows) == {(label, seed) for label in changes for seed in study.SEEDS}
    for (label, seed), row in rows.items():
        changed = study.recipe.replace({**changes[label], "seed": seed})
        assert row["fingerprint"] == changed.fingerprint


def test_the_page_says_what_the_tables_say():
    page = (ROOT / "docs" / "explanation" / "initialization.md").read_text("utf-8")
    result = Sweep.read(study.STUDY.table())
    for row in study.table(result):
        assert f"| {' | '.join(row.values())} |" in page
    for name in ("statistics", "outputs", "gradients"):
        assert f"(../images/initialization_{name}.svg)" in page


def test_figures_have_a_panel_for_everything(monkeypatch):
    rows = [
        {"activation": f, "initialization": name, "layer": n, "deviation": 1.0, "gradient": 1.0}
        for f in ("tanh", "relu")
        for name in lectures.INITIALIZERS
        for n in (1, 2)
    ]
    lines = [len(axes.lines) for axes in study.draw_statistics(rows).axes]
    assert lines == [len(lectures.INITIALIZERS)] * 4
    layers = [{"gradients": np.full((2, 2), 0.5)}] * 10
    monkeypatch.setattr(study, "experiment", lambda activation, name: layers)
    assert len(study.draw_histograms("gradients").axes) == 60
    assert len(study.draw_activations().axes) == 2 * len(lectures.SLOPES)
