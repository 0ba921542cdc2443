"""Claim: at least 95% of small faults in the package's mathematics make a test fail.

    python benchmarks/mutants.py

A fault (a mutant) is one changed comparison, arithmetic operator, constant or default, a deleted
statement, or the like, drawn with a seed from all that are possible in these rooms: optimizers,
schedules, layers, sweeps, intervals, the planning of a search. It is killed if one of the room's
tests fails in a file that runs its line, on TensorFlow or, as `make test` does with what must hold
there too, on JAX or PyTorch. A survivor is a hole in the tests, or changes nothing that could be
seen: those are in `mutation/equivalent.py`, with the reason.

The work is done in a copy of the repository. Tests run in forked processes of one that has imported
TensorFlow, JAX and PyTorch, and those on JAX and PyTorch in processes of their own; which of them
run which line is recorded first.
"""

import argparse
import importlib.util
import os
import random
import shutil
import tempfile
import time
from collections import Counter
from collections.abc import Mapping
from pathlib import Path
from typing import NamedTuple

from mutation.covering import Covering, Recorder
from mutation.equivalent import EQUIVALENT
from mutation.faults import Mutant, all_mutants
from mutation.forked_tests import (
    TIMED_OUT,
    Chosen,
    in_child,
    run_tests,
    run_tests_on,
    warm_up,
)

ROOT = Path(__file__).parents[1]
COPIED = ("kerasrecipes", "tests", "recipes", "benchmarks", "conftest.py", "setup.cfg")
# The fewest mutants of a room, however small it is.
AT_LEAST = 6
HOURS = 3600


class Room(NamedTuple):
    """Source files, and the tests that must notice faults in them."""

    sources: str
    tests: tuple[str, ...]
    # Beside TensorFlow.
    backends: tuple[str, ...] = ("jax", "torch")


ROOMS = {
    "optimizers": Room("optimizers/**/*.py", ("tests/optimizers",)),
    "schedules": Room("schedules/*.py", ("tests/schedules",)),
    "layers": Room("layers/**/*.py", ("tests/layers",)),
    "sweep": Room("runs/sweep*.py", ("tests/runs/test_sweeping.py",), ()),
    "intervals": Room("base/intervals.py", ("tests/base/test_intervals.py",), ()),
    "planning": Room("tuning/planning/*.py", ("tests/tuning/planning",)),
}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--mutants", type=int, default=200)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--rooms", nargs="+", choices=ROOMS, default=tuple(ROOMS))
    parser.add_argument("--covering", type=Path, help="a folder that keeps which tests run what")
    parser.add_argument("--only", help="run only mutants whose file and line contain this text")
    arguments = parser.parse_args()
    os.environ["KERAS_BACKEND"] = "tensorflow"
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    warm_up()
    with tempfile.TemporaryDirectory() as directory:
        folder = Path(directory)
        copy = _copied(folder / "copy")
        kept = (arguments.covering or folder).resolve()
        kept.mkdir(exist_ok=True)
        outcomes: dict[str, Counter] = {name: Counter() for name in arguments.rooms}
        for name in arguments.rooms:
            covering = _covering(copy, name, kept / f"{name}.json", folder / "log")
            for mutant in _drawn(copy, name, arguments):
                outcome = _outcome(copy, mutant, ROOMS[name], covering, folder / "log")
                outcomes[name][outcome] += 1
                print(f"{outcome:10} {_described(copy, mutant)}", flush=True)
    _print_rates(outcomes)


def _copied(copy: Path) -> Path:
    for name in COPIED:
        if (ROOT / name).is_dir():
            ignored = shutil.ignore_patterns("__pycache__")
            shutil.copytree(ROOT / name, copy / name, ignore=ignored)
        else:
            shutil.copy(ROOT / name, copy / name)
    return copy.resolve()


def _paths(copy: Path, room: str) -> list[str]:
    found = (copy / "kerasrecipes").glob(ROOMS[room].sources)
    paths = (path for path in found if path.name != "__init__.py")
    return sorted(str(path.relative_to(copy)) for path in paths)


def _drawn(copy: Path, room: str, arguments: argparse.Namespace) -> list[Mutant]:
    """Draws from a room in proportion to the mutants that are possible in it."""
    possible = {name: all_mutants(copy, _paths(copy, name)) for name in ROOMS}
    share = len(possible[room]) / sum(map(len, possible.values()))
    count = min(max(AT_LEAST, round(share * arguments.mutants)), len(possible[room]))
    drawn = random.Random(arguments.seed).sample(possible[room], count)
    print(f"{room}: {count} of {len(possible[room])} mutants, seed {arguments.seed}", flush=True)
    return [m for m in drawn if not arguments.only or arguments.only in f"{m.path}:{m.line}"]


def _covering(copy: Path, room: str, file: Path, log: Path) -> Covering:
    """Runs a room's tests without a fault, unless that was done before."""
    if not file.exists():
        began = time.monotonic()
        doctests = "kerasrecipes/" + ROOMS[room].sources.partition("*")[0].rpartition("/")[0]
        places = (*ROOMS[room].tests, doctests)
        recorder = lambda: Recorder(copy, _paths(copy, room), file)  # noqa: E731
        if in_child(lambda: run_tests(copy, places, log, recorder()), 2 * HOURS):
            said = log.read_text()[-3000:]
            raise SystemExit(f"The tests of {room} must pass first:\n{said}")
        print(f"{room}: {time.monotonic() - began:.0f} s without a fault", flush=True)
    return Covering(file)


def _outcome(copy: Path, mutant: Mutant, room: Room, covering: Covering, log: Path) -> str:
    file = copy / mutant.path
    source = file.read_text("utf-8")
    if (mutant.path, mutant.mutated_line(source)) in EQUIVALENT:
        return "equivalent"
    tests = covering.tests_of(mutant)
    places = {test.partition("::")[0] for test in tests}
    limit_s = round(60 + 5 * sum(tests.values()))
    _write(file, mutant.applied(source))
    try:
        run = lambda: run_tests(copy, places, log, Chosen(tests), first_failure=True)  # noqa: E731
        outcome = _named(in_child(run, limit_s))
        for backend in room.backends:
            if outcome == "survived":
                outcome = _named(run_tests_on(backend, copy, places, 2 * limit_s))
    finally:
        _write(file, source)
    return outcome


def _named(code: int) -> str:
    """Returns what pytest's exit code says: 0 all passed, 1 a test failed, 2 an import failed."""
    return {0: "survived", TIMED_OUT: "timed out"}.get(code, "killed" if code < 3 else f"rc {code}")


def _write(file: Path, source: str) -> None:
    file.write_text(source, "utf-8")
    # Python trusts compiled code whose source has the same second and size.
    Path(importlib.util.cache_from_source(file)).unlink(missing_ok=True)


def _described(copy: Path, mutant: Mutant) -> str:
    source = (copy / mutant.path).read_text("utf-8")
    line = mutant.mutated_line(source)
    return f"{mutant.path}:{mutant.line}  {mutant.kind}: {' '.join(mutant.old.split())} -> {line}"


def _print_rates(outcomes: Mapping[str, Counter]) -> None:
    print()
    for name, counted in {**outcomes, "all": sum(outcomes.values(), Counter())}.items():
        seen = counted.total() - counted["equivalent"]
        killed = counted["killed"] + counted["timed out"]
        rate = f"{100 * killed / seen:.1f}%" if seen else "-"
        print(f"{name:12} {killed} of {seen} killed ({rate}); {dict(counted)}")


if __name__ == "__main__":
    main()
