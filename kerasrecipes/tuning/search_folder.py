"""Folder of a search: its settings, trials, regions and result."""

import functools
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from kerasrecipes.base.checks import nearest
from kerasrecipes.base.csv_table import read_rows
from kerasrecipes.base.text import listed
from kerasrecipes.recipe.recipe import Recipe
from kerasrecipes.training.numerics import version_of
from kerasrecipes.tuning.rungs import Rung, rungs_of
from kerasrecipes.tuning.trial_rows import best_row, changes_of

# The version of the form of search.json.
FORMAT = 1
# Settings that only some searches have.
WARM = ("constraints", "enqueue", "from")


class Search:
    """The folder of a search of a recipe: its settings, trials, regions and result.

    Each property reads its file when it is asked for. Properties that an unfinished search cannot
    answer yet are empty.

    Args:
        folder: The folder of the search.

    Raises:
        ValueError: If the folder holds no search.json.

    Example:

    ```python
    search = Search("saved_models/search-0123456789ab-01234567-v2")
    search.result["set_line"], search.trial_rows[-1]["score"]
    kerasrecipes.train(search.best_recipe)
    ```
    """

    def __init__(self, folder: str | Path):
        self.folder = Path(folder)
        if not (self.folder / "search.json").is_file():
            inside = sorted(path.parent.name for path in self.folder.glob("*/search.json"))
            hint = f" Searches in it: {listed(inside)}." if inside else ""
            raise ValueError(
                "`folder` must be the folder of a search, which holds a search.json."
                f"{hint} Received: {folder}"
            )

    def __repr__(self):
        return f"Search({str(self.folder)!r})"

    def _repr_html_(self) -> str:
        from kerasrecipes.tuning.notebook_form import search_fragment

        return search_fragment(self)

    @property
    def finished(self) -> bool:
        """Whether the search has come to its end: result.json is the last file that it writes.

        One that goes on with more trials is not at its end, and keeps the result that it had.
        """
        return (
            bool(self.result)
            and self.result.get("rungs", self.settings["rungs"]) == (self.settings["rungs"])
        )

    @functools.cached_property
    def settings(self) -> dict[str, Any]:
        """The settings of the search: recipe, space, rungs, objective, direction, seed, folds.

        And what its trials stand for: `data_hash`, `numerics_version` and `backend`.
        """
        return json.loads((self.folder / "search.json").read_text("utf-8"))

    @property
    def numerics_version(self) -> int:
        """The version of the numbers that its trials trained to; see `NUMERICS_VERSION`."""
        return version_of(self.settings)

    @property
    def recipe(self) -> Recipe:
        """The recipe whose options were searched."""
        return Recipe.from_dict(self.settings["recipe"])

    @property
    def rungs(self) -> tuple[Rung, ...]:
        """The rungs of the search: the number of trials of each, and their epochs."""
        return rungs_of(",".join(self.settings["rungs"]))

    @property
    def objective(self) -> str:
        """The name of the logged quantity by which trials are scored."""
        return self.settings["objective"]

    @property
    def direction(self) -> str:
        """`"max"` if a high objective is good, `"min"` if a low one is."""
        return self.settings.get("direction", "max")

    @property
    def trials(self) -> Any:
        """The trials that ended, a row each: rung, epochs, status, score, cause, seconds, values.

        It is a `pandas.DataFrame` where pandas is installed, and a list of dictionaries otherwise;
        `trial_rows` is that list everywhere.
        """
        try:
            import pandas
        except ModuleNotFoundError:
            return self.trial_rows
        return pandas.DataFrame(self.trial_rows)

    @property
    def trial_rows(self) -> list[dict[str, Any]]:
        """One dictionary for each trial that ended, as in `trials`."""
        return self._rows("trials.csv")

    @property
    def best(self) -> dict[str, Any]:
        """The trial that won: that of the result, or before the end the best of the last rung.

        Raises:
            ValueError: If no trial has a score yet.
        """
        best = best_row(self.trial_rows, self.result.get("trial"), self.direction)
        if best is None:
            raise ValueError(f"The search has no trial with a score yet. Received: {self.folder}")
        return best

    def recipe_of(self, trial: str | Mapping[str, Any]) -> Recipe:
        """Returns the recipe of a trial, with its values and its epochs.

        A trial that was promoted went on from the weights of another. Its recipe trains all its
        epochs in one go, by schedules of that length.

        Args:
            trial: A row of `trials`, or the name in its column `trial`.

        Raises:
            ValueError: If there is no such trial.
        """
        name = trial["trial"] if isinstance(trial, Mapping) else trial
        row = next((row for row in self.trial_rows if str(row["trial"]) == str(name)), None)
        if row is None:
            known = [str(row["trial"]) for row in self.trial_rows]
            raise ValueError(
                f"The search has no trial {name!r}.{nearest(name, known)} Trials: {listed(known)}."
            )
        changes = changes_of(row, self.settings["space"])
        return self.recipe.replace({**changes, "epochs": row["epochs"]})

    @property
    def regions(self) -> list[dict[str, Any]]:
        """One dictionary for each rung and path: the range that the rung searched, and `bound`.

        `bound` is `"low"` or `"high"` if the best trials of the rung before lay at that bound.
        """
        return self._rows("regions.csv")

    @property
    def finalists(self) -> list[dict[str, Any]]:
        """One dictionary for each training of a finalist: the rows of the sweep over seeds."""
        return self._rows("finalists.csv")

    @property
    def scored_on_test(self) -> list[dict[str, Any]]:
        """The rows of `finalists` that have a test score, which played no part in the choice."""
        return [row for row in self.finalists if row.get("test_accuracy") is not None]

    @property
    def result(self) -> dict[str, Any]:
        """The best changes, their score over several seeds, and the test score if there is one."""
        path = self.folder / "result.json"
        return json.loads(path.read_text("utf-8")) if path.is_file() else {}

    @property
    def best_recipe(self) -> Recipe:
        """The recipe with the best changes.

        Raises:
            ValueError: If the search has not come to its end.
        """
        return Recipe.read(self.folder / "best_recipe.json")

    def _rows(self, name: str) -> list[dict[str, Any]]:
        path = self.folder / name
        return read_rows(path) if path.is_file() else []


def load_search(folder: str | Path) -> Search:
    """Returns the search in a folder, for a look at its trials.

    Its `trials` are a `pandas.DataFrame` where pandas is installed, and else a list of rows.

    Args:
        folder: The folder of a search.

    Raises:
        ValueError: If it is none.

    Example:

    ```python
    found = load_search("saved_models/search-0123456789ab-01234567-v3")
    found.best["score"], found.recipe_of(found.best)
    ```
    """
    return Search(folder)
