"""The command `search`: the search of a recipe's options."""

import argparse
import os
from pathlib import Path

from kerasrecipes.cli.command import Command, Request

EXAMPLE = "optimizer.learning_rate=log_uniform(1e-4, 1)"


def _add_arguments(parser: argparse.ArgumentParser) -> None:
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
        default="val_accuracy",
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
    parser.add_argument("--overwrite", action="store_true", help="search anew what was searched")


def _search(asked: Request) -> None:
    """Searches the options of a recipe, shows how it goes, and what came of it.

    The search is called `<name>-search`. `--space` and `--rungs` go before those of the script.

    Raises:
        ValueError: If something cannot be searched, or the folder is of another search.
    """
    from kerasrecipes.cli.search_progress import SearchProgress
    from kerasrecipes.cli.search_space import read_space
    from kerasrecipes.cli.search_workers import check_port, run_with_workers
    from kerasrecipes.tuning import rungs_of
    from kerasrecipes.tuning.keras_tuner.distributed import TUNER_ID, role

    arguments = asked.arguments
    given = arguments.rungs or asked.rungs
    if given is None:
        raise ValueError("Give --rungs: trials x epochs, such as --rungs 20x2,8x8,3x30")
    rungs = rungs_of(given)
    ranges = {**(asked.space or {}), **read_space(arguments.space)}
    if not ranges:
        raise ValueError(
            "There is nothing to search: give --space, or give `main` the space of the recipe. "
            f"Such as: --space '{EXAMPLE}'"
        )
    part = role()
    if arguments.workers is not None and part == "alone":
        run_with_workers(arguments.workers)
        return
    if part == "chief":
        check_port()
    direction, _, objective = arguments.objective.rpartition(":")
    if direction not in ("", "max", "min"):
        raise ValueError(
            "`--objective` must be NAME, max:NAME or min:NAME. "
            f"Received: --objective {arguments.objective}"
        )
    # Heavy: it brings keras-tuner and the backend.
    from keras_tuner import Objective

    from kerasrecipes.tuning import search

    finals = 0 if part == "worker" else arguments.finalists * arguments.final_seeds
    with SearchProgress(
        rungs,
        finals,
        objective,
        prefix="" if part == "alone" else f"{os.environ[TUNER_ID]}: ",
        live=None if part == "alone" else False,
    ) as progress:
        found = search(
            asked.recipe,
            ranges,
            rungs,
            directory=asked.directory,
            name=f"{asked.name}-search",
            objective=Objective(objective, direction) if direction else objective,
            seed=arguments.search_seed,
            folds=arguments.folds,
            finalists=arguments.finalists,
            final_seeds=arguments.final_seeds,
            retrain=arguments.retrain,
            overwrite=arguments.overwrite,
            on_event=progress.on_event,
        )
    if found is not None:
        _show(found)


def _show(found) -> None:
    """Prints what a finished search found, and writes its page."""
    from kerasrecipes.cli.tables import print_table
    from kerasrecipes.page.formats import number, percent
    from kerasrecipes.report import write_search

    print_table(list(rung_rows(found)))
    score = found.result["score"]
    line = f"best {found.objective} {number(score['mean'])}"
    if score.get("low") is not None:
        line += f" (95% interval {number(score['low'])} to {number(score['high'])})"
    plural = "s" if score["n"] > 1 else ""
    print(f"{line}, n = {score['n']} seed{plural}, of trial {found.result['trial']}")
    if tested := len(found.scored_on_test):
        print(f"the {tested} runs of finalists were scored on test images too, which chose nothing")
    if test := found.result["test"]:
        print(f"test accuracy {percent(test['accuracy'], test['n'])}, n = {test['n']:,}")
    for path, end in found.result["at_bounds"].items():
        print(f"note: the best of {path} lie at the {end} end of its range")
    print(f"set: {found.result['set_line']}")
    print(f"recipe: {Path(found.folder) / 'best_recipe.json'}")
    print(f"page: {write_search(found)}")


def rung_rows(found):
    """Yields a row a rung of a search: its trials, what they cost, and the best of them."""
    from kerasrecipes.page.formats import number

    best = min if found.direction == "min" else max
    for position, rung in enumerate(found.rungs, start=1):
        rows = [row for row in found.trials if row["rung"] == position]
        scores = [row["score"] for row in rows if row["score"] is not None]
        states = [row["status"] for row in rows]
        yield {
            "rung": f"{position}: {rung}",
            "trials": len(rows),
            "stopped": states.count("stopped"),
            "failed": states.count("failed"),
            "epochs trained": sum(row["cost_epochs"] for row in rows),
            f"best {found.objective}": number(best(scores, default=None)),
        }


COMMAND = Command(
    name="search",
    help="search a recipe's options, from coarse to fine, and write the best recipe",
    runs_code=True,
    takes="recipe",
    add_arguments=_add_arguments,
    run=_search,
    resumes=True,
)
