import pytest

from kerasrecipes.recipe.recipe import Recipe
from kerasrecipes.recipe.spec import use
from kerasrecipes.report.run.run_page import render
from kerasrecipes.training.training import train

RECIPE = Recipe(
    data=use("Digits", classes=[3, 8], examples_per_class=24),
    sampling=use("GivenShares", shares={"3": 0.75, "8": 0.25}, start_epochs=1),
    model=use("MLP", units=[4]),
    batch_size=12,
    epochs=2,
)


@pytest.mark.backend_neutral
def test_a_run_tells_what_was_drawn(tmp_path):
    run = train(RECIPE, directory=tmp_path, verbose=0)
    # 48 images each once, then 36 and 12 of them.
    assert run.metrics["sampling"] == {
        "images": 96,
        "shares": [60 / 96, 36 / 96],
        "least": [2, 1],
        "most": [3, 2],
    }
    page = render(run)
    assert "Each of the 24 images of 3, the rarest class, was drawn 2 to 3 times." in page


@pytest.mark.backend_neutral
def test_a_class_that_the_data_lack_stops_a_run_before_it_trains(tmp_path):
    shares = {"3": 0.75, "9": 0.25}
    recipe = RECIPE.replace({"sampling": use("GivenShares", shares=shares)})
    with pytest.raises(ValueError, match="unknown class '9'"):
        train(recipe, directory=tmp_path, verbose=0)
    assert not list(tmp_path.iterdir())
