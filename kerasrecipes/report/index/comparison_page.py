"""Page that compares runs, comparison.html."""

import os
from collections.abc import Sequence
from pathlib import Path

from kerasrecipes.page.pages import template, write_page
from kerasrecipes.page.tables import html_table
from kerasrecipes.report.index.comparison_tables import by_name, option_rows, score_row, test_rows
from kerasrecipes.report.index.scripts import PageScript, as_data, curves_of


def write_comparison(runs: Sequence, path: str | os.PathLike) -> Path:
    """Writes a page that compares finished runs: scores, options that differ, tests, curves.

    The page is one file that needs no network. Its script, which draws the curves, is its own; the
    page's policy lets no other run.

    Args:
        runs: Finished `Run`s; each is tested against the first.
        path: Path of the page.

    Returns:
        The path of the page.
    """
    named = by_name(runs)
    tests, notes = test_rows(named)
    page = template(Path(__file__).with_name("comparison.html.jinja")).render(
        count=len(named),
        scores=html_table([score_row(name, run) for name, run in named.items()]),
        options=html_table(option_rows(named)),
        tests=html_table(tests),
        notes=notes,
        script=PageScript.of("curves.js", "comparison.js"),
        data=as_data([curves_of(name, run.readable_history) for name, run in named.items()]),
    )
    return write_page(Path(path), page)
