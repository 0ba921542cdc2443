import runpy
from pathlib import Path

from kerasrecipes.tuning.space import Space

ROOT = Path(__file__).parents[2]
SCRIPT = runpy.run_path(str(ROOT / "recipes" / "augmentation_search.py"))


def test_the_space_is_of_strengths_alone():
    space = Space(SCRIPT["recipe"], SCRIPT["space"])
    assert len(space.paths) == 5
    assert all(path.startswith("augment.") for path in space.paths)
