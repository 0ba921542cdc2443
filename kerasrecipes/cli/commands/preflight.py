"""The command `preflight`: what can be told of a recipe before its training."""

import argparse

from kerasrecipes.cli.command import Command, Request
from kerasrecipes.cli.diagnoses import (
    add_diagnosis_options,
    check_diagnosis_options,
    show_diagnosis,
)
from kerasrecipes.cli.starts import trained_start


def _add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--seconds",
        type=float,
        default=10.0,
        metavar="S",
        help="the time for short trainings, without that for compiling them (default: 10)",
    )
    parser.add_argument(
        "--gradients",
        action="store_true",
        help="compare the gradients of all layers with differences of the loss, too",
    )
    add_diagnosis_options(parser)


def _preflight(asked: Request) -> None:
    """Checks a recipe's model on its data, and prints what is wrong.

    A recipe that starts from another one's network is checked on that network.
    """
    from kerasrecipes.diagnostics.rules.judging import judged
    from kerasrecipes.training.building.build import build_recipe
    from kerasrecipes.training.diagnosing import preflight

    arguments = asked.arguments
    check_diagnosis_options(arguments)
    recipe = asked.recipe
    dataset = recipe.data.build("data").load()
    built = build_recipe(recipe, dataset, trained_start(asked, dataset))
    record = preflight(built, seconds=arguments.seconds, gradients=arguments.gradients)
    show_diagnosis(judged(record, arguments.ignore), record, arguments)


COMMAND = Command(
    name="preflight",
    help="check a recipe's model and data before the training, in a few seconds",
    runs_code=True,
    takes="recipe",
    add_arguments=_add_arguments,
    run=_preflight,
)
