"""`averages`, as a user types it."""

import pytest

from kerasrecipes import report
from kerasrecipes.cli import console
from kerasrecipes.cli.commands.report import score_line
from kerasrecipes.recipe.recipe import Recipe
from kerasrecipes.recipe.spec import use
from kerasrecipes.training.training import train
from tests.digits_run import digits_run

RECIPE = Recipe(
    data=use("Digits", classes=[0, 8]),
    model=use("MLP", units=[8]),
    optimizer=use("SGD", learning_rate=0.1),
    epochs=4,
)


@pytest.fixture
def run():
    return train(RECIPE.replace({"averaging": "EveryAverage"}), name="my_script", verbose=0)


def test_the_table_and_the_choice_are_printed(run, output):
    code, out, err = output(console, ["averages", str(run.folder), "--widths", "0.03"])
    assert (code, err) == (0, "")
    table, (explained, score) = out.split("\n\n")[0], out.split("\n\n")[1].splitlines()
    rows = table.splitlines()
    assert sum("EMA of width" in row for row in rows) == 6
    (chosen,) = [row for row in rows if row.startswith("*")]
    assert run.metrics["average"]["name"] in chosen
    assert explained.startswith("* the model of the run, chosen on")
    assert score.startswith("test accuracy ")
    name = run.metrics["average"]["name"]
    assert score.endswith(f"{name}, chosen by log loss on validation")
    assert "statistics" not in table, "this network has no batch normalization"
    page = report.write_report(run).read_text("utf-8")
    assert "<h2>Averages" in page
    assert "the best by log loss on validation" in page


def test_an_average_that_the_recipe_names_is_said_with_the_score():
    averaging = use("ExponentialAverage", decay=0.9)
    run = train(RECIPE.replace({"averaging": averaging}), name="my_script", verbose=0)
    assert f"EMA 0.9, weights of epoch {run.metrics['epoch']} of 4" in score_line(run)


@pytest.mark.parametrize(
    ("argv", "message"),
    [
        ([], "The run kept no averages."),
        (["--widths", "0.03"], "--set averaging=EveryAverage"),
    ],
)
def test_a_run_that_kept_none_says_how_to_get_them(argv, message, output):
    code, out, err = output(console, ["averages", str(digits_run().folder), *argv])
    assert (code, out) == (2, "")
    assert message in err


def test_a_width_out_of_range_is_refused(run, output):
    code, _, err = output(console, ["averages", str(run.folder), "--widths", "3"])
    assert (code, "`relative_width` must be a number in (0, 0.288]" in err) == (2, True)
