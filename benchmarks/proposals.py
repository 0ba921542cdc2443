"""Claim: what `train_folder` chooses loses at most half a point to the best of four strategies.

    python benchmarks/proposals.py cifar10.npz
    python benchmarks/proposals.py cifar10.npz --backbone MobileNet --weights notop.weights.h5
    python benchmarks/proposals.py cifar10.npz --seconds 120 --tasks 'uneven' 'ten, 40'

At equal seconds of two CPUs, by the same plan: a training from scratch, a new last layer on
features, gradual fine-tuning of all stages from there, and fine-tuning of all stages from the first
step. 24 folders are made of CIFAR-10 at several sizes, of several classes and counts, as it is or
changed; none of them chose a rule. A 25th, of scikit-learn's digits, chose one, and is shown but
does not count. Each has up to 400 test images, which no choice sees. The network is a ResNet-8
that is trained on the five classes that most tasks do not have, unless a backbone is given. What
the table in docs/results/ has is not run again.
"""

import argparse
import time
from pathlib import Path
from unittest import mock

import numpy as np
from proposal_tasks.folders import CHOSE_A_RULE, TASKS, write_folder
from proposal_tasks.source import trained_source

from kerasrecipes import train
from kerasrecipes.base.csv_table import read_rows, write_rows
from kerasrecipes.base.intervals import Mean
from kerasrecipes.cli.tables import print_table
from kerasrecipes.proposals import measure_steps, propose, proposing
from kerasrecipes.proposals.networks import given_network

STRATEGIES = ("scratch", "features", "gradual", "all at once")
NAMES = {"features": "features", "gradual": "all stages", "all at once": "all stages"}


def seconds_of_machine() -> float:
    """Returns the time of a machine of two CPUs that does nothing else: half of its work."""
    return time.process_time() / 2


class Measured:
    """Step times, measured once for each kind of network, so that every task has the same plan."""

    def __init__(self):
        self.times = {}

    def __call__(self, build, trains):
        model = build()
        key = (model.input_shape[1:], model.count_params() // 10_000)
        if key not in self.times:
            self.times[key] = measure_steps(build, clock=seconds_of_machine)
        return self.times[key]


def recipe_of(strategy: str, folder: Path, options: dict, measure: Measured, directory: Path):
    """Returns the recipe of a strategy, or what is chosen if it is `"chosen"`."""
    asked = {"minutes": options["seconds"] / 60, "directory": directory, "measure": measure}
    # How busy the machine is must not decide: the time for choosing is not counted.
    asked["clock"] = lambda: 0.0
    if strategy == "scratch":
        return propose(folder, from_scratch=True, **asked).chosen
    network = {"backbone": options["backbone"], "weights": options["weights"]}
    if strategy in NAMES:
        return propose(folder, strategy=NAMES[strategy], **network, **asked).chosen
    # It stands for the network that is there if none is asked for.
    given = given_network(**network)
    with mock.patch.object(proposing, "first_network", return_value=given):
        return propose(folder, **asked).chosen


def scored(recipe, name: str, directory: Path) -> tuple[float, float]:
    """Returns the accuracy on the test images of a folder, and the seconds that it took."""
    began = seconds_of_machine()
    run = train(recipe, directory=directory, name=name, verbose=0)
    return run.metrics["test"]["accuracy"], seconds_of_machine() - began


def measure_task(name: str, folder: Path, options: dict, measure: Measured, directory: Path):
    """Returns a row: what each strategy scores on a folder, and what was chosen."""
    row = {"task": name, "seed": options["seed"]}
    recipes = {}
    for strategy in STRATEGIES:
        try:
            recipe = recipe_of(strategy, folder, options, measure, directory).recipe
        except ValueError as error:
            if "no time" not in str(error):
                raise
            row[strategy], row[f"{strategy} seconds"] = None, None
            continue
        if strategy == "all at once":
            recipe = recipe.replace({"start": None, "optimizer.unfreeze_every_steps": 0})
        recipe = recipe.replace({"seed": options["seed"]})
        row[strategy], row[f"{strategy} seconds"] = scored(recipe, "run", directory)
        recipes[strategy] = recipe
    chosen = recipe_of("chosen", folder, options, measure, directory)
    recipe = chosen.recipe.replace({"seed": options["seed"]})
    same = next((strategy for strategy in recipes if recipes[strategy] == recipe), None)
    row["chosen"], row["chosen seconds"] = (
        scored(recipe, "run", directory) if same is None else (row[same], row[f"{same} seconds"])
    )
    row["choice"] = chosen.strategy
    return row


def summary(rows: list[dict]) -> list[dict]:
    """Returns the loss of each strategy against the best of the four, over all folders."""
    found = []
    for strategy in ("chosen", *STRATEGIES):
        losses = [
            100 * (max(row[s] for s in STRATEGIES if row[s] is not None) - (row[strategy] or 0))
            for row in rows
        ]
        lost = Mean.of(losses)
        found.append(
            {
                "strategy": strategy,
                "points lost on average": f"{lost.mean:.2f}",
                "95% interval": "" if lost.low is None else f"{lost.low:.2f} to {lost.high:.2f}",
                "within a point": sum(loss <= 1 for loss in losses),
                "most": f"{max(losses):.1f}",
            }
        )
    return found


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n", 1)[0])
    parser.add_argument("images", nargs="?", help="CIFAR-10 as an .npz file")
    parser.add_argument(
        "--seconds", type=float, default=60.0, help="for each training, of two free CPUs"
    )
    parser.add_argument("--backbone")
    parser.add_argument("--weights")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--tasks", nargs="+", metavar="NAME", choices=list(TASKS))
    arguments = parser.parse_args()
    if arguments.images is None:
        print("skipped: give CIFAR-10 as an .npz file")
        return
    root = Path(__file__).parents[1]
    name = f"proposals_{arguments.backbone or 'resnet8'}_{arguments.seconds:g}"
    directory = root / "saved_models" / name
    directory.mkdir(parents=True, exist_ok=True)
    with np.load(arguments.images) as file:
        cifar10 = {name: file[name] for name in ("x_train", "y_train", "x_test", "y_test")}
    backbone = arguments.backbone or trained_source(
        cifar10, directory.with_name("proposals_source")
    )
    options = {**vars(arguments), "backbone": backbone}
    table = root / "docs" / "results" / f"{name}.csv"
    rows = read_rows(table) if table.exists() else []
    measure = Measured()
    for task in arguments.tasks or TASKS:
        if any(row["task"] == task and row["seed"] == arguments.seed for row in rows):
            continue
        folder = directory / "folders" / task.replace(" ", "_").replace(",", "")
        write_folder(TASKS[task], cifar10, folder)
        runs = directory / folder.name
        rows.append(measure_task(task, folder, options, measure, runs))
        write_rows(table, rows)
        print(rows[-1], flush=True)
    shown = ("task", *STRATEGIES, "chosen", "choice")
    percents = [
        {n: f"{100 * row[n]:.1f}" if isinstance(row[n], float) else row[n] for n in shown}
        for row in rows
    ]
    print_table(percents)
    print()
    print_table(summary([row for row in rows if row["task"] not in CHOSE_A_RULE]))


if __name__ == "__main__":
    main()
