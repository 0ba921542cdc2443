"""Options that say where many trainings run, and the engine that they ask for."""

import argparse
import contextlib
from collections.abc import Iterator
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from kerasrecipes.engine import Engine

ENGINES = ("processes", "ray")
_FOR_RAY = ("address", "cpus", "gpus")


def add_engine(parser: argparse.ArgumentParser, what: str) -> None:
    """Adds the options that say where something runs, such as "trials"."""
    parser.add_argument(
        "--workers",
        type=int,
        metavar="N",
        help=f"run so many {what} at a time; with --engine ray, the default is as many as there is "
        "room for",
    )
    parser.add_argument(
        "--engine",
        choices=ENGINES,
        help="where they run: in processes of this machine (the default, with --workers), or on "
        "Ray, which is started here unless --address says where it is",
    )
    parser.add_argument(
        "--address", metavar="HOST:PORT", help="with --engine ray: a cluster that is there"
    )
    parser.add_argument(
        "--cpus", type=int, metavar="N", help="with --engine ray: cores for each (default: 1)"
    )
    parser.add_argument(
        "--gpus",
        type=float,
        metavar="N",
        help="with --engine ray: GPUs for each, such as 1 or 0.5 (default: 0)",
    )


def is_asked_for(arguments: argparse.Namespace) -> bool:
    """Returns whether options of an engine were given."""
    names = ("workers", "engine", *_FOR_RAY)
    return any(getattr(arguments, name) is not None for name in names)


@contextlib.contextmanager
def asked_engine(arguments: argparse.Namespace) -> Iterator["Engine | None"]:
    """Opens the engine that is asked for, and ends it; yields `None` where none is.

    Its workers start at once, while this process imports what it needs itself.

    Raises:
        ValueError: If the options do not fit each other.
    """
    engine = _engine(arguments)
    if engine is None:
        yield None
    else:
        with engine:
            yield engine


def _engine(arguments: argparse.Namespace) -> "Engine | None":
    from kerasrecipes.engine import ProcessEngine, RayEngine

    given = {name: getattr(arguments, name) for name in _FOR_RAY}
    given = {name: value for name, value in given.items() if value is not None}
    if arguments.engine == "ray":
        return RayEngine(arguments.workers, **given)
    if given:
        raise ValueError(f"`--{next(iter(given))}` is for `--engine ray`.")
    if arguments.workers is not None:
        return ProcessEngine(arguments.workers)
    if arguments.engine is not None:
        raise ValueError("`--engine processes` needs `--workers`, such as --workers 2.")
    return None
