"""Runs and searches in a directory, as their small files tell of them.

It needs neither NumPy nor Keras, and checks no recipe: hundreds of runs are listed in a moment, and
those of a newer version too.
"""

import contextlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

from kerasrecipes.base.damaged_files import DamagedFileError, read_json
from kerasrecipes.base.files import is_locked
from kerasrecipes.recipe.flattening import flatten
from kerasrecipes.training.files.folder_names import RunFolderName
from kerasrecipes.training.files.plain_files import read_history, read_run_json
from kerasrecipes.training.numerics import version_of

# What an option is where a recipe does not set it; older recipes lack fields of newer ones.
_UNSET: tuple = (None, False, [])


@dataclass(frozen=True)
class ListedRun:
    """What the small files of a run folder tell.

    Args:
        folder: The run folder.
        name: What the run is called.
        fingerprint: The fingerprint of its recipe; empty if the folder was renamed.
        search: The name of the search that it belongs to; empty if it is of none.
        status: `"finished"`, `"running"`, `"unfinished"` or `"damaged"`.
        options: Every value of its recipe by dotted path.
        metrics: The contents of its metrics.json.
        environment: The contents of its environment.json.
        data_hash: The hash of its data.
        history: A row for each epoch.
        damage: Why a file cannot be read; empty if all can be.
    """

    folder: Path
    name: str
    fingerprint: str = ""
    search: str = ""
    status: str = "damaged"
    options: Mapping[str, Any] = field(default_factory=dict)
    metrics: Mapping[str, Any] = field(default_factory=dict)
    environment: Mapping[str, Any] = field(default_factory=dict)
    data_hash: str = ""
    history: Sequence[Mapping[str, Any]] = ()
    damage: str = ""

    @property
    def seconds(self) -> float | None:
        """The time of the training so far; `None` if it is unknown."""
        wall = self.environment.get("wall_seconds")
        logged = [row["seconds"] for row in self.history if "seconds" in row]
        return wall if wall is not None else sum(logged) if logged else None

    @property
    def started(self) -> datetime | None:
        """When the training began; `None` if that is unknown."""
        with contextlib.suppress(TypeError, ValueError):
            return datetime.fromisoformat(self.environment.get("started", ""))
        return None

    @property
    def scores(self) -> dict[str, Mapping[str, Any]]:
        """The scores on validation and test; of images that were trained on, there are none."""
        scores = {split: self.metrics.get(split) or {} for split in ("validation", "test")}
        folds = self.options.get("data") == "CrossValidation"
        if folds and self.options.get("data.fold", 0) is None:
            scores["validation"] = {}
        return scores

    @property
    def values(self) -> dict[str, Any]:
        """What a list may be filtered and sorted by: the run's own columns and its options."""
        return {
            "name": self.name,
            "fingerprint": self.fingerprint,
            "search": self.search,
            "data_hash": self.data_hash[:8],
            "status": self.status,
            "epochs_done": len(self.history),
            **{split: score.get("accuracy") for split, score in self.scores.items()},
            "seconds": self.seconds,
            "started": self.environment.get("started"),
            "numerics": version_of(self.environment) if self.status != "damaged" else None,
            **self.options,
        }


@dataclass(frozen=True)
class ListedSearch:
    """What the small files of a search's folder tell.

    Args:
        folder: The folder.
        status: `"finished"` or `"unfinished"`.
        trials: The number of trials that have ended.
        objective: The quantity by which trials are scored.
        score: The mean score of the best over its seeds; `None` before the end.
    """

    folder: Path
    status: str
    trials: int
    objective: str
    score: float | None


def listed_runs(directory: str | Path) -> list[ListedRun]:
    """Returns the runs in a directory, and those of the searches in it, sorted by folder."""
    own = sorted(Path(directory).glob("*/recipe.json"))
    searched = sorted(Path(directory).glob("*/runs/*/recipe.json"))
    # The directory may itself be that of a search.
    if (Path(directory) / "search.json").is_file():
        searched = sorted(Path(directory).glob("runs/*/recipe.json"))
    runs = [_listed(path.parent) for path in own]
    return runs + [_listed(path.parent, path.parents[2].resolve().name) for path in searched]


def listed_searches(directory: str | Path) -> list[ListedSearch]:
    """Returns the searches in a directory, sorted by folder."""
    return [_search(path.parent) for path in sorted(Path(directory).glob("*/search.json"))]


def differing_values(runs: Sequence[ListedRun]) -> dict[str, list[Any]]:
    """Returns the options in which runs differ: by path, the value of each run, `None` if unset."""
    readable = [run for run in runs if run.status != "damaged"]
    paths = dict.fromkeys(path for run in readable for path in run.options)
    found = {}
    for path in paths:
        values = [_set(run.options.get(path)) for run in readable]
        if any(value != values[0] for value in values):
            found[path] = [_set(run.options.get(path)) for run in runs]
    return found


def _set(value: Any) -> Any:
    return None if value in _UNSET and type(value) in (type(None), bool, list) else value


def _listed(folder: Path, search: str = "") -> ListedRun:
    name, fingerprint = RunFolderName.of(folder.name) or (folder.name, "")
    try:
        recipe = read_json(folder / "recipe.json", {})
        metrics = read_run_json(folder, "metrics.json")
        return ListedRun(
            folder,
            name,
            fingerprint,
            search,
            "finished" if metrics else "running" if is_locked(folder) else "unfinished",
            flatten(recipe),
            metrics,
            read_run_json(folder, "environment.json"),
            read_run_json(folder, "data.json").get("hash", ""),
            read_history(folder).rows,
        )
    except DamagedFileError as error:
        return ListedRun(folder, name, fingerprint, search, damage=str(error))


def _search(folder: Path) -> ListedSearch:
    def read(name: str) -> dict[str, Any]:
        try:
            return read_json(folder / name, {}) if (folder / name).is_file() else {}
        except DamagedFileError:
            return {}

    settings, result, table = read("search.json"), read("result.json"), folder / "trials.csv"
    # One that goes on with more trials keeps the result that it had.
    is_over = bool(result) and result.get("rungs", settings.get("rungs")) == settings.get("rungs")
    trials = table.read_bytes().count(b"\n") - 1 if table.is_file() else 0
    return ListedSearch(
        folder,
        "finished" if is_over else "unfinished",
        max(trials, 0),
        str(settings.get("objective", "")),
        (result.get("score") or {}).get("mean"),
    )
