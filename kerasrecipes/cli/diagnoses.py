"""What the commands share that diagnose: their options, and how a diagnosis is shown."""

import argparse
from pathlib import Path

from kerasrecipes.base.checks import check_choice

REPORT_FORMATS = (".html", ".json", ".txt")

# The exit code if there is a warning or an error among the findings.
ALARM = 1


def add_diagnosis_options(parser: argparse.ArgumentParser) -> None:
    """Adds `--ignore` and `--report`."""
    parser.add_argument(
        "--ignore",
        nargs="+",
        default=[],
        metavar="KIND",
        help="leave out findings of these kinds, such as overfitting",
    )
    parser.add_argument(
        "--report",
        metavar="FILE",
        help="write the diagnosis with its figures to a .html file, or without to a .json or .txt "
        "file",
    )


def check_diagnosis_options(arguments: argparse.Namespace) -> None:
    """Checks the options before anything is computed.

    Raises:
        ValueError: If a kind is not known, or the file is no `.html`, `.json` or `.txt` file.
    """
    from kerasrecipes.diagnostics.findings.catalogue import KINDS

    for kind in arguments.ignore:
        check_choice("--ignore", kind, KINDS)
    if arguments.report is not None:
        path = Path(arguments.report)
        check_choice("the suffix of --report", path.suffix, REPORT_FORMATS)
        if not path.parent.is_dir():
            raise ValueError(
                f"`--report` must be in a folder that is there. Received: --report {path}"
            )


def show_diagnosis(diagnosis, record, arguments: argparse.Namespace) -> None:
    """Prints a diagnosis, and writes it where that was asked for.

    Args:
        diagnosis: What is wrong.
        record: What was measured, from which figures are drawn.
        arguments: With the options of `add_diagnosis_options`.

    Raises:
        SystemExit: With code `ALARM`, if there is a warning or an error.
    """
    print(diagnosis)
    if arguments.report is not None:
        print(f"report: {diagnosis.write(arguments.report, record)}")
    if diagnosis:
        raise SystemExit(ALARM)
