"""Files that hold recipes: their format, and circles of recipes that start from each other."""

import json
import os
from collections.abc import Collection, Mapping, Sequence
from pathlib import Path
from typing import Any

from kerasrecipes.base.checks import nearest

# The format of recipe.json. It is raised when an older version would misread a new file.
FORMAT = 1


def file_of(path: Path) -> Path:
    """Returns the path of the recipe.json in a run folder. Other paths are returned as they are."""
    return path / "recipe.json" if path.is_dir() else path


def read_plain(path: Path) -> Any:
    """Returns what is in a recipe.json, or in that of a run folder.

    Raises:
        ValueError: If there is no such file, or it is no JSON.
    """
    file = file_of(path)
    try:
        return json.loads(file.read_text("utf-8"))
    except FileNotFoundError:
        raise ValueError(
            f"Expected a recipe.json or a run folder, found none. Received: {path}"
        ) from None
    except (ValueError, RecursionError) as error:
        why = "it is nested too deeply" if isinstance(error, RecursionError) else error
        page = path / "report.html"
        source = f": {page} holds one" if page.is_file() else ""
        copy = f" Put back a copy of it{source}." if path.is_dir() else ""
        raise ValueError(f"{file} is not a recipe in JSON: {why}.{copy}") from error


def check_format(plain: object) -> None:
    """Raises a `ValueError` unless a plain form is of a format that this version reads."""
    version = plain.get("kerasrecipes") if isinstance(plain, Mapping) else None
    if type(version) is not int or version < 1:  # `True` is an integer too.
        raise ValueError('This is not a recipe: it has no "kerasrecipes" format number.')
    if version > FORMAT:
        raise ValueError(
            f"The recipe was written by a newer kerasrecipes (format {version}, this one reads "
            f"up to {FORMAT}): upgrade with `pip install --upgrade kerasrecipes`."
        )


def check_fields(given: Collection[str], known: Sequence[str]) -> None:
    """Raises a `ValueError` if a given field is not known, or one without a default is missing."""
    for name in given:
        if name not in known:
            raise ValueError(
                f"A recipe has no field {name!r}.{nearest(name, known)} Fields: {', '.join(known)}."
            )
    for name in ("data", "model"):
        if name not in given:
            raise ValueError(f"A recipe needs the field {name!r}.")


def with_start(above: tuple[str, ...], start: str) -> tuple[str, ...]:
    """Returns the files of a chain of recipes that start from each other, with a further one.

    Args:
        above: The files of the recipes before it.
        start: The path that the last of them starts from.

    Raises:
        ValueError: If the chain is a circle.
    """
    file = os.path.realpath(file_of(Path(start)))
    if file in above:
        raise ValueError(
            "A recipe must not start from itself, also not by way of others: give `start` another "
            f"recipe or run folder. Received: {' -> '.join([*above[above.index(file) :], file])}"
        )
    return (*above, file)
