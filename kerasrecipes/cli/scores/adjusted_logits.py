"""Option of `evaluate` and `predict` that takes the frequencies of the classes off the logits."""

import argparse


def add_logit_adjustment(parser: argparse.ArgumentParser) -> None:
    """Adds `--logit-adjustment`."""
    parser.add_argument(
        "--logit-adjustment",
        type=float,
        nargs="?",
        const=1.0,
        metavar="TAU",
        help="answer as if every class were equally frequent in training: take the logarithms of "
        "the frequencies, times TAU, off the logits (default of TAU: 1)",
    )


def check_logit_adjustment(arguments: argparse.Namespace) -> None:
    """Raises a `ValueError` if it was given with what is of logits as they are."""
    if arguments.logit_adjustment is None:
        return
    others = {
        "--unsure-only": arguments.unsure_only,
        "--monte-carlo-dropout": arguments.monte_carlo_dropout is not None,
        "--accuracy": arguments.accuracy,
        "--precision": arguments.precision,
        "--recall": arguments.recall,
    }
    for name, given in others.items():
        if given:
            raise ValueError(f"Give `--logit-adjustment` or `{name}`, not both.")
