"""The command `compare`: differences between runs, and whether their scores are among them."""

import argparse
import os
from collections.abc import Mapping

from kerasrecipes.cli.arguments import finished_run
from kerasrecipes.cli.command import Command
from kerasrecipes.cli.commands.report import kept_epoch, remark
from kerasrecipes.cli.tables import print_table

# The header of the p-values that are corrected for their number.
CORRECTED = "p by Holm"


def _compare(arguments: argparse.Namespace) -> None:
    """Prints the runs' scores, the options that differ, and McNemar's test against the first."""
    folders = {os.path.realpath(folder): folder for folder in arguments.runs}
    if len(folders) < 2:
        raise ValueError(
            f"`compare` needs at least two different runs. Received: {' '.join(arguments.runs)}"
        )
    given = [finished_run(folder) for folder in folders.values()]
    unique = len({run.name for run in given}) == len(given)
    runs = {run.name if unique else str(run.folder): run for run in given}
    print_table([_score(name, run) for name, run in runs.items()])
    for name, run in runs.items():
        if remark(run):
            print(f"{name}{remark(run)}")
    print()
    _print_options(runs)
    print()
    _print_tests(runs)


def _score(name: str, run) -> dict[str, object]:
    from kerasrecipes.page.formats import count, percent

    split = run.evaluation_split
    score = run.metrics[split]
    n, (low, high) = score["n"], score["accuracy_interval"]
    return {
        "run": name,
        "split": split,
        "n": count(n),
        "accuracy": percent(score["accuracy"], n),
        "95% interval": f"{percent(low, n)} to {percent(high, n)}",
        "epoch": kept_epoch(run),
        "parameters": count(run.metrics["parameters"]["total"]),
    }


def _print_options(runs: Mapping) -> None:
    from kerasrecipes.page.formats import plain
    from kerasrecipes.runs.comparison import differing_options

    differing = differing_options(list(runs.values()))
    if not differing:
        print("The recipes are the same.")
    print_table(
        [
            {"option": path, **dict(zip(runs, map(plain, values), strict=True))}
            for path, values in differing.items()
        ]
    )


def _print_tests(runs: Mapping) -> None:
    from kerasrecipes.base.intervals import holm
    from kerasrecipes.page.formats import number
    from kerasrecipes.runs.comparison import mcnemar

    (base, first), *others = runs.items()
    tests, reasons = {}, []
    for name, run in others:
        try:
            tests[name] = mcnemar(first, run)
        except ValueError as error:
            reasons.append(f"No test of {name} against {base}: {error}.")
    rows = [{"run": name, "against": base, **_test(test)} for name, test in tests.items()]
    if len(tests) > 1:
        corrected = holm([test.p_value for test in tests.values()])
        rows = [{**row, CORRECTED: number(p)} for row, p in zip(rows, corrected, strict=True)]
    print_table(rows)
    if len(tests) > 1:
        print(f"{CORRECTED}: corrected for the number of tests, {len(tests)}.")
    for reason in reasons:
        print(reason)


def _test(test) -> dict[str, object]:
    from kerasrecipes.page.formats import number

    return {
        "images": f"{test.n:,} {test.split}",
        "only it right": test.only_second,
        "only the other right": test.only_first,
        "difference in points": f"{100 * test.difference:+.{2 if test.n >= 2000 else 1}f}",
        "McNemar's exact p": number(test.p_value),
    }


COMMAND = Command(
    name="compare",
    help="show what tells runs apart, and test whether their scores do",
    takes="runs",
    run=_compare,
)
