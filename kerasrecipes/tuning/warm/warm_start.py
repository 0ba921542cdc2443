"""What a search of a recipe knows before its first trial, as its settings say it."""

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from kerasrecipes.recipe.spec import from_plain, frozen, to_plain
from kerasrecipes.tuning.constraints import Constraint, constraints_of
from kerasrecipes.tuning.search_folder import Search
from kerasrecipes.tuning.space import Space
from kerasrecipes.tuning.warm.space_values import OutsideError, values_of
from kerasrecipes.tuning.written_space import space_of

# What must agree between two searches, if the scores of one are to count in the other.
AGREEING = ("data_hash", "objective", "direction", "folds", "numerics_version", "backend")


class WarmStart:
    """The constraints of a search, the values that it tries first, and where it starts from.

    Args:
        space: The space of the search.
        constraints: As in `search`.
        enqueue: As in `search`.
        from_search: As in `search`.

    Raises:
        ValueError: If a constraint cannot be read, or values to try first lie outside of the space.
    """

    def __init__(
        self,
        space: Space,
        constraints: str | Iterable[str | Constraint],
        enqueue: Iterable[Mapping[str, object]],
        from_search: str | Path | None,
    ):
        self.constraints = constraints_of(constraints)
        # Those of a search that goes on are plain data.
        self.changes = [
            {path: from_plain(value) for path, value in each.items()} for each in enqueue
        ]
        self.enqueued = [_enqueued(space, each) for each in self.changes]
        self.folder = None if from_search is None else Path(from_search)

    @property
    def settings(self) -> dict[str, Any]:
        """What search.json says of it: only what there is, so that other searches stay the same."""
        changes = [
            {path: to_plain(frozen(value, path)) for path, value in each.items()}
            for each in self.changes
        ]
        found = {
            "constraints": [str(each) for each in self.constraints],
            "enqueue": changes,
            # Where it lies does not matter once its trials were taken over.
            "from": self.folder.resolve().name if self.folder else None,
        }
        return {name: value for name, value in found.items() if value}

    def earlier(
        self, settings: Mapping[str, Any], monitored: Mapping[str, object]
    ) -> tuple[Path, Space] | None:
        """Returns folder and space of the search to start from; `None` if there is none.

        Args:
            settings: The settings of this search.
            monitored: The changes with which its recipe monitors the objective.

        Raises:
            ValueError: If the scores of the other search are none here.
        """
        if self.folder is None:
            return None
        other = Search(self.folder)
        theirs = {"direction": "max", "backend": settings["backend"], **other.settings}
        differing = [
            f"{name} {str(theirs.get(name))[:16]}, here {str(settings[name])[:16]}"
            for name in AGREEING
            if theirs.get(name) != settings[name]
        ]
        if differing:
            raise ValueError(
                "The search to start from has other scores, which do not count here: "
                f"{'; '.join(differing)}. Received: {self.folder}"
            )
        recipe = other.recipe.replace(monitored)
        return self.folder, Space(recipe, space_of(other.settings["space"]))


def _enqueued(space: Space, changes: Mapping[str, object]) -> dict[str, Any]:
    """Returns the values by which a space makes a changed recipe."""
    try:
        return values_of(space, space.recipe.replace(changes))
    except OutsideError as error:
        what = changes or "the recipe's own values"
        raise ValueError(
            f"`enqueue` has values outside of the space: {error}. Received: {what}"
        ) from None
