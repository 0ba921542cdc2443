import runpy
from pathlib import Path

from kerasrecipes.tuning.space import Space

ROOT = Path(__file__).parents[2]
SCRIPT = runpy.run_path(str(ROOT / "recipes" / "search_hyperparameters.py"))


def test_the_recipe_takes_its_space():
    space = Space(SCRIPT["recipe"], SCRIPT["space"])
    assert len(space.paths) == 7
    assert len(space.hyperparameters().space) == 8, "the learning rate has a range an optimizer"
