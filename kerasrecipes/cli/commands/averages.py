"""The command `averages`: the averages of one run's weights, compared on validation."""

import argparse

from kerasrecipes.cli.arguments import finished_run
from kerasrecipes.cli.command import Command
from kerasrecipes.cli.commands.report import score_line
from kerasrecipes.cli.tables import print_table


def _add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--widths",
        nargs="+",
        type=float,
        default=[],
        metavar="W",
        help="further averages to compute and score: relative widths, such as 0.03 for 3%% of the "
        "training",
    )


def _averages(arguments: argparse.Namespace) -> None:
    """Prints the table, from the lowest log loss on, and the score of the run's own model."""
    from kerasrecipes.ensembles import averages
    from kerasrecipes.page.formats import number, percent

    run = finished_run(arguments.run)
    rows = averages(run, arguments.widths)
    n, chosen = run.metrics["validation"]["n"], run.metrics.get("average", {}).get("name")
    with_statistics = any(row.statistics for row in rows)
    less = "significantly less accurate"
    with_less = any(row.less_accurate for row in rows)
    print_table(
        [
            {
                "": "*" if row.name == chosen else None,
                "weights": row.name,
                **({"statistics": row.statistics} if with_statistics else {}),
                "validation log loss": number(row.log_loss),
                "accuracy": percent(row.accuracy, n),
                **({less: "yes" if row.less_accurate else None} if with_less else {}),
            }
            for row in sorted(rows, key=lambda row: row.log_loss)
        ]
    )
    print(f"\n* the model of the run, chosen on {n:,} validation images by log loss")
    print(score_line(run))


COMMAND = Command(
    name="averages",
    help="compare the averages of one run's weights on validation",
    takes="run",
    add_arguments=_add_arguments,
    run=_averages,
)
