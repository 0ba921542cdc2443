"""The command `diagnose`: what is wrong with a training, by what it has left behind."""

import argparse
import contextlib
import json
import os
import sys
from pathlib import Path

from kerasrecipes.cli.command import Alternative, Command, Request
from kerasrecipes.cli.diagnoses import (
    add_diagnosis_options,
    check_diagnosis_options,
    show_diagnosis,
)

# What stands for the standard input.
_STDIN = "-"


def _diagnose_run(asked: Request) -> None:
    """Prints what is wrong with a recipe's run: nothing of the recipe is built or run."""
    from kerasrecipes.training.diagnosing import record_of

    run = asked.run
    if run is None:
        raise ValueError(
            "This recipe has no run to diagnose: train it first, or check it before by "
            f"`preflight`. Expected: a folder {asked.directory}/{asked.name}-"
            f"{asked.recipe.fingerprint}-..."
        )
    print(run.folder)
    _diagnose(record_of(run), asked.arguments)


def _diagnose_log(arguments: argparse.Namespace) -> None:
    """Prints what is wrong with a training that another program has logged."""
    from kerasrecipes.diagnostics.reading.pasted_text import read_text
    from kerasrecipes.diagnostics.reading.sources import read
    from kerasrecipes.diagnostics.record.record import Record

    is_piped = arguments.recipe == _STDIN
    text = Record(series=read_text(sys.stdin.read())) if is_piped else None
    _diagnose(text or read(arguments.recipe), arguments)


def _diagnose(record, arguments: argparse.Namespace) -> None:
    from kerasrecipes.diagnostics.rules.judging import judged

    check_diagnosis_options(arguments)
    show_diagnosis(judged(record, arguments.ignore), record, arguments)


def _is_log(given: str) -> bool:
    """Returns whether an argument is neither a script, a recipe.json nor a run folder."""
    if os.path.isdir(given):
        return not os.path.isfile(os.path.join(given, "recipe.json"))
    return not given.endswith((".json", ".py")) or _is_history(given)


def _is_history(given: str) -> bool:
    """Returns whether a file is a history that was written as JSON."""
    with contextlib.suppress(OSError, ValueError):
        value = json.loads(Path(given).read_text("utf-8"))
        return isinstance(value, dict) and isinstance(
            value.get("loss", value.get("val_loss")), list
        )
    return False


COMMAND = Command(
    name="diagnose",
    help="say what is wrong with a training: a run, or another program's log",
    takes="recipe",
    add_arguments=add_diagnosis_options,
    run=_diagnose_run,
    alternative=Alternative(
        what="the log of a training: a CSV file, a text file, a folder of TensorBoard, or - for "
        "the text on the standard input",
        fits=_is_log,
        run=_diagnose_log,
    ),
)
