"""A trained run on the digits, and digits as files: for tests of what is done with a run."""

import functools
import tempfile
from pathlib import Path

from PIL import Image

from kerasrecipes.data.sources.digits import Digits
from kerasrecipes.recipe.recipe import Recipe
from kerasrecipes.recipe.spec import use
from kerasrecipes.training.run import Run
from kerasrecipes.training.training import train

RECIPE = Recipe(
    data="Digits", model=use("MLP", units=[16]), optimizer=use("Adam", learning_rate=0.01), epochs=2
)


@functools.cache
def digits_run(**changes) -> Run:
    """Returns a run of `RECIPE` with changes, `__` for the dots of a path; trained once."""
    recipe = RECIPE.replace({path.replace("__", "."): value for path, value in changes.items()})
    return train(recipe, directory=_directory(), verbose=0)


def write_digits(folder: Path, count: int = 40) -> dict[Path, int]:
    """Writes test images into class folders; returns each file's place in the test split."""
    test = Digits().load().test
    places = {}
    for place in range(count):
        name = folder / str(test.labels[place]) / f"{place:03d}.png"
        name.parent.mkdir(parents=True, exist_ok=True)
        Image.fromarray(test.images[place, ..., 0]).save(name)
        places[name] = place
    return places


@functools.cache
def _directory() -> Path:
    return Path(tempfile.mkdtemp(prefix="kerasrecipes-"))
