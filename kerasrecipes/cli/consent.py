"""Consent to run users' own modules: given by `--allow-code`, remembered by working directory."""

import argparse
import contextlib
import json
import os
import sys
from collections.abc import Iterable, Iterator
from pathlib import Path

from kerasrecipes.recipe.qualified_names import importing


def add_allow_code(parser: argparse.ArgumentParser) -> None:
    """Adds `--allow-code`."""
    parser.add_argument(
        "--allow-code",
        action="store_true",
        help="run the code of the modules that the recipe or run names; remembered for this "
        "working directory",
    )


@contextlib.contextmanager
def asking(allow: bool) -> Iterator[None]:
    """Imports a module that a recipe names only where that is, or was once, allowed.

    Args:
        allow: Whether it is allowed now, by `--allow-code`.
    """
    before = sys.path[:]

    def permit(module: str) -> bool:
        if module not in _remembered().get(os.getcwd(), ()):
            if not allow:
                return False
            remember([module])
            print(f"note: allowed to run the code of `{module}`, from now on", file=sys.stderr)
        # Last, so that it hides nothing.
        if os.getcwd() not in sys.path:
            sys.path.append(os.getcwd())
        return True

    try:
        with importing(permit):
            yield
    finally:
        sys.path[:] = before


def remember(modules: Iterable[str]) -> None:
    """Remembers that modules may be imported by what is done in this working directory."""
    from kerasrecipes.base.files import write_json

    remembered = _remembered()
    there = remembered.get(os.getcwd(), [])
    if not set(modules) <= set(there):
        remembered[os.getcwd()] = sorted({*there, *modules})
        path = _path()
        path.parent.mkdir(parents=True, exist_ok=True)
        write_json(path, remembered)


def _path() -> Path:
    # Beside nothing that could come with somebody else's recipe.
    from platformdirs import user_state_path

    return user_state_path("kerasrecipes", appauthor=False) / "allowed-code.json"


def _remembered() -> dict[str, list[str]]:
    """Returns the modules that are allowed, by working directory."""
    try:
        return json.loads(_path().read_text("utf-8"))
    except FileNotFoundError:
        return {}
    except ValueError as error:
        raise ValueError(f"{_path()} is damaged: delete it. {error}") from error
