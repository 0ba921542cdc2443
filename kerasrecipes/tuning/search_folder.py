"""`Search`: the folder of a search as a value."""

import functools
import hashlib
import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from kerasrecipes.base.csv_table import read_rows
from kerasrecipes.recipe.recipe import Recipe
from kerasrecipes.recipe.spec import canonical
from kerasrecipes.tuning.rungs import Rung, rungs_of

# Of search.json.
FORMAT = 1


class Search:
    """The folder of a search of a recipe: its settings, trials, regions and outcome.

    Everything is read when it is asked for. What an unfinished search does not have yet is empty.

    Args:
        folder: The search's folder.

    Raises:
        ValueError: If the folder holds no search.json.

    Example:

    ```python
    search = Search("saved_models/search-0123456789ab")
    search.result["set_line"], search.trials[-1]["score"]
    kerasrecipes.train(search.best_recipe)
    ```
    """

    def __init__(self, folder: str | Path):
        self.folder = Path(folder)
        if not (self.folder / "search.json").is_file():
            there = sorted(path.parent.name for path in self.folder.glob("*/search.json"))
            hint = f" Searches in it: {', '.join(there)}." if there else ""
            raise ValueError(
                f"Expected the folder of a search, with a search.json.{hint} Received: {folder}"
            )

    def __repr__(self):
        return f"Search({str(self.folder)!r})"

    @property
    def finished(self) -> bool:
        """Whether the search came to its end: result.json is the last file to be written."""
        return (self.folder / "result.json").is_file()

    @functools.cached_property
    def settings(self) -> dict[str, Any]:
        """What was asked for: recipe, space, rungs, objective, seed, folds."""
        return json.loads((self.folder / "search.json").read_text("utf-8"))

    @property
    def recipe(self) -> Recipe:
        """The recipe that was searched around."""
        return Recipe.from_dict(self.settings["recipe"])

    @property
    def rungs(self) -> tuple[Rung, ...]:
        """Trials and epochs."""
        return rungs_of(",".join(self.settings["rungs"]))

    @property
    def objective(self) -> str:
        """The logged quantity that was searched for."""
        return self.settings["objective"]

    @property
    def direction(self) -> str:
        """`"max"` or `"min"`: what is best of the objective."""
        return self.settings.get("direction", "max")

    @property
    def trials(self) -> list[dict[str, Any]]:
        """A dictionary a trial that ended: rung, epochs, status, score, cause, values by path."""
        return self._rows("trials.csv")

    @property
    def regions(self) -> list[dict[str, Any]]:
        """A dictionary a rung and path: the range that it searched, and at_bounds that were met."""
        return self._rows("regions.csv")

    @property
    def finalists(self) -> list[dict[str, Any]]:
        """The rows of the sweep of the best trials over several seeds."""
        return self._rows("finalists.csv")

    @property
    def result(self) -> dict[str, Any]:
        """The best changes, their score over several seeds, and the test score if it was asked."""
        path = self.folder / "result.json"
        return json.loads(path.read_text("utf-8")) if path.is_file() else {}

    @property
    def best_recipe(self) -> Recipe:
        """The recipe that was found.

        Raises:
            ValueError: If the search has not come to its end.
        """
        return Recipe.read(self.folder / "best_recipe.json")

    def _rows(self, name: str) -> list[dict[str, Any]]:
        path = self.folder / name
        return read_rows(path) if path.is_file() else []


def folder_for(directory: str | Path, name: str, settings: Mapping[str, Any]) -> Path:
    """Returns where the search with these settings is kept."""
    plain = {key: value for key, value in settings.items() if key != "recipe"}
    plain["recipe"] = Recipe.from_dict(settings["recipe"]).fingerprint
    text = json.dumps(canonical(_tuples(plain)), sort_keys=True)
    return Path(directory) / f"{name}-{hashlib.sha256(text.encode()).hexdigest()[:12]}"


def _tuples(value: object) -> object:
    if isinstance(value, Mapping):
        return {key: _tuples(inner) for key, inner in value.items()}
    if isinstance(value, Sequence) and not isinstance(value, str):
        return tuple(map(_tuples, value))
    return value
