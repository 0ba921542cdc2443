"""Options of the command `search`."""

import argparse

OBJECTIVE = "val_accuracy"
EXAMPLE = "optimizer.learning_rate=log_uniform(1e-4, 1)"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Adds the options to the command's parser."""
    parser.add_argument(
        "--space",
        action="append",
        default=[],
        metavar="PATH=RANGE",
        help=f"what to search, such as '{EXAMPLE}', or a file of a space as JSON; repeatable",
    )
    parser.add_argument("--rungs", metavar="NxE,...", help="trials x epochs, such as 20x2,8x8,3x30")
    parser.add_argument("--stages", dest="rungs", help=argparse.SUPPRESS)  # What it was called.
    # In place of that of a recipe, which --set seed=N still changes.
    parser.add_argument(
        "--seed",
        dest="search_seed",
        type=int,
        default=0,
        metavar="N",
        help="decides what is tried (default: 0)",
    )
    parser.add_argument(
        "--objective",
        default=OBJECTIVE,
        metavar="[max:|min:]NAME",
        help="what is searched for (default: val_accuracy), with its direction if its metric does "
        "not say it",
    )
    parser.add_argument(
        "--folds", type=int, metavar="N", help="score by cross-validation with so many folds"
    )
    parser.add_argument(
        "--finalists",
        type=int,
        default=3,
        metavar="N",
        help="how many of the best are trained with further seeds (default: 3)",
    )
    parser.add_argument(
        "--final-seeds", type=int, default=3, metavar="N", help="how many seeds (default: 3)"
    )
    parser.add_argument(
        "--retrain",
        action="store_true",
        help="train the result on training and validation images, and score it on test images",
    )
    parser.add_argument(
        "--workers", type=int, metavar="N", help="run so many trials at a time, on this machine"
    )
    parser.add_argument(
        "--minutes",
        type=float,
        metavar="N",
        help="search for so long, finalists included: as many trials as fit; without --rungs too",
    )
    parser.add_argument(
        "--patience",
        type=int,
        metavar="N",
        help="end a rung after so many trials in a row without an improvement beyond noise",
    )
    parser.add_argument(
        "--target", type=float, metavar="X", help="end when a trial has this objective"
    )
    parser.add_argument(
        "--constraint",
        action="append",
        default=[],
        metavar="BOUND",
        help="what each trial must keep to, such as 'parameters<1e6' or 'seconds_per_step<0.01'; "
        "repeatable",
    )
    parser.add_argument(
        "--enqueue",
        action="append",
        nargs="*",
        default=[],
        metavar="PATH=VALUE",
        help="values to try first; what is left out is the recipe's, and alone it is the recipe; "
        "repeatable",
    )
    parser.add_argument(
        "--from",
        dest="from_search",
        metavar="SEARCH",
        help="the folder of another search, whose trials count where they lie in this space",
    )
    parser.add_argument("--overwrite", action="store_true", help="search anew what was searched")


def enqueued(given: list[list[str]]) -> list[dict[str, object]]:
    """Returns the changes that are tried first, one for each `--enqueue`.

    Raises:
        ValueError: If one is not `PATH=VALUE`.

    Example:

    >>> enqueued([[], ["batch_size=32", "optimizer.momentum=0.9"]])
    [{}, {'batch_size': 32, 'optimizer.momentum': 0.9}]
    """
    from kerasrecipes.cli.arguments import value_of

    found = []
    for texts in given:
        changes: dict[str, object] = {}
        for text in texts:
            path, equals, value = text.partition("=")
            if not equals or not path:
                raise ValueError(
                    "`--enqueue` must be given as PATH=VALUE, such as optimizer.momentum=0.9. "
                    f"Received: --enqueue {text}"
                )
            changes[path.strip()] = value_of(value)
        found.append(changes)
    return found
