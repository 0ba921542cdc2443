"""Names of the folders of searches, and the searches that are there."""

import contextlib
import hashlib
import json
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from kerasrecipes.recipe.recipe import Recipe
from kerasrecipes.recipe.spec import canonical, to_plain
from kerasrecipes.training.files.folder_names import RunFolderName
from kerasrecipes.training.files.run_folders import run_folder
from kerasrecipes.training.numerics import NUMERICS_VERSION
from kerasrecipes.tuning.rungs import longer_of, rungs_of
from kerasrecipes.tuning.search_folder import WARM, Search


def folder_for(
    directory: str | Path, name: str, settings: Mapping[str, Any], data_hash: str
) -> Path:
    """Returns the path of the folder of the search with these settings.

    It is `<name>-<hash of the settings>-<data>-v<numerics version>`, like that of a run; see
    `run_folder`.
    """
    plain = {key: value for key, value in settings.items() if key != "recipe"}
    plain["recipe"] = Recipe.from_dict(settings["recipe"]).fingerprint
    text = json.dumps(canonical(_tuples(plain)), sort_keys=True)
    return run_folder(directory, name, hashlib.sha256(text.encode()).hexdigest()[:12], data_hash)


def begun_search(
    directory: str | Path, name: str, settings: Mapping[str, Any], data_hash: str
) -> Search | None:
    """Returns the search from whose rungs those of settings go on, or that went on from them.

    Of several, it is the one with the most trials; it has the same settings but for its rungs.

    Args:
        directory: As in `folder_for`, like the others.
        name: The name of the search.
        settings: The settings.
        data_hash: The hash of the data.
    """
    rungs = rungs_of(",".join(settings["rungs"]))
    begun = [
        each
        for each in _alike(directory, name, settings, data_hash, but=("rungs",))
        if longer_of(each.rungs, rungs)
    ]
    return max(begun, key=lambda each: sum(rung.trials for rung in each.rungs), default=None)


def of_other_spaces(
    directory: str | Path, name: str, settings: Mapping[str, Any], data_hash: str
) -> list[Search]:
    """Returns the searches that differ from one in the space that they search, and in their rungs.

    Args:
        directory: As in `folder_for`, like the others.
        name: The name of the search.
        settings: The settings.
        data_hash: The hash of the data.
    """
    folder = folder_for(directory, name, settings, data_hash)
    alike = _alike(directory, name, settings, data_hash, but=("rungs", "space"))
    return [each for each in alike if each.folder != folder]


def _alike(
    directory: str | Path,
    name: str,
    settings: Mapping[str, Any],
    data_hash: str,
    but: Sequence[str],
) -> Iterator[Search]:
    """Yields the searches in a directory that have the same settings but for some."""
    folder = folder_for(directory, name, settings, data_hash)
    ours = {key: settings[key] for key in but}
    for path in sorted(folder.parent.glob("*/search.json")):
        if path.parent.name.startswith(f"{name}-"):
            # What is damaged, or of another form, is no search to go on from.
            with contextlib.suppress(KeyError, TypeError, ValueError):
                each = Search(path.parent)
                if any(key in each.settings and key not in settings for key in WARM):
                    continue
                same = {key: each.settings[key] for key in settings} | ours
                named = folder_for(directory, name, same, each.settings["data_hash"])
                if named == folder and each.numerics_version == NUMERICS_VERSION:
                    yield each


def other_searches(folder: Path) -> list[Search]:
    """Returns the searches beside a folder that differ from its search by data or numerics version.

    Args:
        folder: The folder of a search, as `folder_for` names it.
    """
    name = RunFolderName.of(folder.name)
    beside = folder.parent.glob("*/search.json")
    return [
        Search(path.parent)
        for path in sorted(beside)
        if path.parent != folder and RunFolderName.of(path.parent.name) == name
    ]


def check_folder(folder: Path, settings: Mapping[str, Any], overwrite: bool) -> None:
    """Raises a `ValueError` if a folder holds a search that cannot be continued here."""
    if overwrite or not (folder / "search.json").is_file():
        return
    earlier = {"direction": settings["direction"], **Search(folder).settings}
    differing = {key for key in settings if earlier.get(key) != to_plain(settings[key])}
    # A recipe may differ in local paths, which are not part of its fingerprint: the same data may
    # lie elsewhere now.
    differing -= {"recipe"}
    # Those that go on from the earlier ones were chosen.
    if longer_of(Search(folder).rungs, rungs_of(",".join(settings["rungs"]))) is not None:
        differing -= {"rungs"}
    if differing == {"backend"}:
        raise ValueError(
            f"The search was begun with the backend {earlier['backend']}, and this is "
            f"{settings['backend']}, which would go on with other numbers. Set "
            f"KERAS_BACKEND={earlier['backend']}, or give this search another `name`. "
            f"Received: {folder}"
        )
    if differing:
        raise ValueError(
            f"The folder holds another search: {', '.join(sorted(differing))} differ. Give the "
            "search another `name`, or discard the earlier one with `overwrite=True`. "
            f"Received: {folder}"
        )


def _tuples(value: object) -> object:
    """Returns plain data with tuples in the place of lists."""
    if isinstance(value, Mapping):
        return {key: _tuples(inner) for key, inner in value.items()}
    if isinstance(value, Sequence) and not isinstance(value, str):
        return tuple(map(_tuples, value))
    return value
