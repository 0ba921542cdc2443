"""Values as a notebook shows them: small, themed, and with nothing in them that acts."""

import json
import re
import sys
import types

import pytest
from markupsafe import Markup

from kerasrecipes import Recipe, use
from kerasrecipes.page.notebook import figures, folded, fragment, pairs, quiet
from kerasrecipes.runs import Sweep
from kerasrecipes.training import Run
from kerasrecipes.tuning import Search, SearchDisplay

EVIL = "<script>alert(1)</script>\u202e"
HISTORY = "epoch,loss,val_loss,accuracy,val_accuracy,seconds\n" + "".join(
    f"{n},{2 / n},{2.1 / n},{1 - 0.5 / n},{0.98 - 0.5 / n},1.5\n" for n in (1, 2, 3)
)
SCORE = {"accuracy": 0.9, "loss": 0.3, "n": 100, "accuracy_interval": [0.82, 0.95]}
METRICS = {
    "epoch": 3,
    "monitor": "val_accuracy",
    "validation": SCORE,
    "test": {**SCORE, "accuracy": 0.8},
    "parameters": {"trainable": 10, "total": 12},
}
DATA = {
    **use("Digits").build("data").load().to_dict(),
    "source": "Digits",
}
RECIPE = Recipe(data="Digits", model=use("MLP", units=[8], name="a <b> c"), epochs=5)


def body(html):
    """Returns a fragment without its style, after checks that hold for every fragment."""
    assert html.startswith('<div class="kerasrecipes"><style>')
    assert html.endswith("</div>")
    assert html.count("<div") == html.count("</div>")
    assert "<script" not in html
    assert "\u202e" not in html
    style = re.search("<style>(.*?)</style>", html, re.S)[1]
    # Its rules reach nothing but itself.
    selectors = [s.strip() for rule in re.findall(r"([^{}]+)\{", style) for s in rule.split(",")]
    assert all(selector.startswith(".kerasrecipes") for selector in selectors)
    # Texts have the colour of the page around, light or dark.
    colours = set(re.findall(r"(?<![-\w])color: ([^;]+);", style))
    assert colours == {"inherit"}
    return html.replace(style, "")


def run_folder(folder, **files):
    folder.mkdir()
    contents = {
        "recipe.json": json.dumps(RECIPE.to_dict()),
        "history.csv": HISTORY,
        "environment.json": json.dumps({"backend": "jax", "wall_seconds": 4.5}),
        "data.json": json.dumps(DATA),
        "metrics.json": json.dumps(METRICS),
    } | files
    for name, text in contents.items():
        if text is not None:
            (folder / name.replace("__", ".")).write_text(text)
    return folder


def test_pieces_escape_what_they_are_given():
    html = fragment(EVIL, EVIL, quiet(EVIL), folded(EVIL, Markup("<i></i>")), pairs({EVIL: EVIL}))
    shown = body(html)
    assert shown.count("&lt;script&gt;alert(1)&lt;/script&gt;\\u202e") == 6
    assert "<i></i>" in shown


def test_what_is_empty_leaves_nothing():
    assert body(fragment("a", "", None, quiet(""), figures({"a": None}), pairs({"b": None}))) == (
        '<div class="kerasrecipes"><style></style><p><b>a</b></p></div>'
    )


def test_a_recipe_shows_its_values_by_their_paths():
    shown = body(RECIPE._repr_html_())
    assert f"<b>Recipe {RECIPE.fingerprint}</b>" in shown
    first, rest = shown.split("<details>")
    assert "<td>model.units</td><td>[8]</td>" in first
    assert "<td>model.name</td><td>a &lt;b&gt; c</td>" in first
    assert "<td>batch_size</td>" in first
    assert "<td>loss" in rest


def test_a_recipe_whose_start_is_gone_is_still_shown(tmp_path):
    start = tmp_path / "start.json"
    start.write_text(json.dumps(RECIPE.to_dict()))
    recipe = RECIPE.replace({"start": str(start)})
    start.unlink()
    assert "<b>Recipe</b>" in body(recipe._repr_html_())


def test_a_finished_run_shows_scores_and_curves(tmp_path):
    folder = run_folder(tmp_path / "mine-0123")
    shown = body(Run(folder)._repr_html_())
    assert "<b>mine-0123</b>" in shown
    assert "80.0% (95% 82.0% to 95.0%, n = 100)" in shown
    assert "<td>weights of</td><td>epoch 3 of 3</td>" in shown
    assert "<td>backend</td><td>jax</td>" in shown
    assert shown.count("<svg") == 2
    assert "<figcaption>accuracy</figcaption><svg" in shown
    assert str(folder) in shown
    (folder / "report.html").write_text("")
    assert "report.html" in body(Run(folder)._repr_html_())


def test_an_unfinished_run_says_how_far_it_is(tmp_path):
    run = Run(run_folder(tmp_path / "mine", **{"metrics.json": None}))
    assert "not finished, 3 of 5 epochs" in body(run._repr_html_())
    nothing = {"metrics.json": None, "history.csv": None, "data.json": None}
    begun = Run(run_folder(tmp_path / "begun", **nothing, **{"environment.json": None}))
    shown = body(begun._repr_html_())
    assert "not finished, 0 of 5 epochs" in shown
    assert "<svg" not in shown


def test_names_from_the_files_of_others_are_text(tmp_path):
    data = json.dumps({**DATA, "source": EVIL})
    folder = run_folder(tmp_path / "a <b> c", **{"data.json": data})
    shown = body(Run(folder)._repr_html_())
    assert "&lt;script&gt;" in shown
    assert "<b>a &lt;b&gt; c</b>" in shown


@pytest.mark.parametrize("name", ["metrics.json", "data.json", "environment.json"])
def test_a_damaged_file_is_named_and_the_rest_is_shown(tmp_path, name):
    run = Run(run_folder(tmp_path / "mine", **{name: "{"}))
    shown = body(run._repr_html_())
    assert name in shown
    assert "mine" in shown


def test_a_sweep_is_themed_as_the_others():
    rows = ({"label": EVIL, "seed": 0, "test_accuracy": 0.9, "fingerprint": "", "data_hash": ""},)
    shown = body(Sweep(rows)._repr_html_())
    assert "1 run, 1 label" in shown
    assert "&lt;script&gt;" in shown
    assert "90.0%" in shown


def search_folder(folder, *, finished=True):
    folder.mkdir()
    settings = {
        "recipe": RECIPE.to_dict(),
        "space": {"optimizer.learning_rate": {}, "model.units": {}},
        "rungs": ["12x2", "3x4"],
        "objective": "val_accuracy",
        "direction": "max",
    }
    (folder / "search.json").write_text(json.dumps(settings))
    trials = "trial,rung,epochs,cost_epochs,parent,status,score,cause,seconds,"
    trials += "optimizer.learning_rate,model.units\n"
    for n in range(12):
        trials += f"{n},1,2,2,,done,{0.5 + n / 100},,1.0,{10**-n:g},[32]\n"
    trials += f'90,2,4,2,11,done,0.4,,1.0,0.001,"{EVIL}"\n91,2,4,2,10,failed,,oops,1.0,0.01,[64]\n'
    (folder / "trials.csv").write_text(trials)
    if finished:
        result = {
            "set_line": f"--set 'model.name={EVIL}'",
            "score": {"mean": 0.91, "low": 0.9, "high": 0.92, "n": 3},
            "test": {"accuracy": 0.87, "n": 360},
        }
        (folder / "result.json").write_text(json.dumps(result))
    return folder


def test_a_search_shows_its_result_and_the_best_trials_of_the_last_rung_first(tmp_path):
    shown = body(Search(search_folder(tmp_path / "search"))._repr_html_())
    assert "finished, 14 trials, rungs 12x2, 3x4" in shown
    assert "0.91 (95% 0.9 to 0.92, n = 3)" in shown
    assert "87.0%" in shown
    rows = re.findall(r"<tr><td>(\d)</td><td>(\d)</td><td>([\d.]+)</td>", shown)
    assert rows[:3] == [("2", "4", "0.4"), ("1", "2", "0.61"), ("1", "2", "0.6")]
    assert len(rows) == 8
    assert "and 6 more" in shown
    unfinished = Search(search_folder(tmp_path / "begun", finished=False))
    assert "not finished" in body(unfinished._repr_html_())


EVENTS = [
    ("trial_begin", {"trial": "3", "rung": 1, "epochs": 2, "values": {"model.units": [8]}}),
    ("epoch", {"trial": "3", "epoch": 1, "score": 0.25}),
    ("epoch", {"trial": "3", "epoch": 2, "score": 0.5}),
    ("trial_end", {"trial": "3", "status": "done"}),
    ("finalist", {"trial": "3", "seed": 7}),
    ("finalist_end", {"trial": "3", "seed": 7, "score": 0.75}),
]


def test_a_search_is_shown_in_lines_outside_of_notebooks(tmp_path, capsys):
    show = SearchDisplay()
    show("search", {"folder": str(search_folder(tmp_path / "search")), "direction": "max"})
    for event in EVENTS:
        show(*event)
    assert capsys.readouterr().out.splitlines() == [
        "rung 1, trial 3: epoch 2 of 2, score 0.5; model.units=[8]",
        "finalist 3 seed 7 score 0.75",
    ]


def test_a_search_is_one_table_in_a_notebook_which_is_redrawn(tmp_path, monkeypatch):
    shown = []

    class Handle:
        def update(self, page):
            shown[-1] = page

    def display(page, display_id):
        assert display_id
        shown.append(page)
        return Handle()

    shell = types.SimpleNamespace(kernel=object())
    ipython = types.SimpleNamespace(get_ipython=lambda: shell)
    monkeypatch.setitem(sys.modules, "IPython", ipython)
    drawing = types.SimpleNamespace(HTML=str, display=display)
    monkeypatch.setitem(sys.modules, "IPython.display", drawing)
    show = SearchDisplay()
    show("search", {"folder": str(tmp_path / "search"), "direction": "max"})
    search_folder(tmp_path / "search", finished=False)
    for event in EVENTS[:3]:
        show(*event)
    assert len(shown) == 1
    assert "not finished, 14 trials" in shown[0]
    assert "epoch 2 of 2, score 0.5" in shown[0]
