"""Claims about one run that keeps every average of its weights, against its best checkpoint.

    python benchmarks/averages.py
    python benchmarks/averages.py --cifar10 cifar10.npz --seeds 0 1 2

1. On at least 8 of 10 tasks, `EveryAverage` has a lower log loss on test than the best checkpoint.
2. On none is it significantly less accurate.
3. It takes at most 5% more time, if the training is long enough: printed are the ratio, and the
   seconds more, most of which a longer training would take too.

Each task is trained twice with each seed: as it is, with the checkpoint of the highest accuracy on
validation, which is what `train` keeps by itself; and with `EveryAverage`, which chooses on the
same validation images. The training is the same to the last digit, so that what differs is the
choice. A task's log loss is the mean over seeds; its accuracies are compared image by image, in a
sign test over the images of all seeds. Times are the CPUs' of the whole `train`, and the two take
turns in which is first.

A row of the table is written when both are trained; the same command goes on where it was stopped.
`--cifar10` names an archive for `Npz`; without it, its three tasks are left out. They train on
2,000 images and validate on 1,000, so that both trainings of one are estimated at 2 to 3 minutes of
CPU time.
"""

import argparse
import os
import tempfile
from collections.abc import Iterator, Mapping
from pathlib import Path

import keras
import numpy as np
from harness.turns import CPU, seconds_of
from scipy.stats import binomtest

from kerasrecipes import Recipe, train, use
from kerasrecipes.base.csv_table import read_rows, write_rows
from kerasrecipes.cli.tables import print_table
from kerasrecipes.metrics.calibration import log_loss

TABLE = Path(__file__).parents[1] / "docs" / "results" / "averages.csv"
SIGNIFICANCE = 0.05
COSINE = use("CosineDecay", initial_learning_rate=0.1)
AUGMENT = [use("RandomRotation", factor=0.03), use("RandomPadCrop", padding_pixels=1)]

MLP = Recipe(
    data="Digits",
    model=use("MLP", units=[64]),
    optimizer=use("Adam", learning_rate=0.003),
    epochs=20,
    batch_size=64,
)
CONVOLUTIONS = MLP.replace(
    {
        "model": use("ResNetCIFAR", depth=8, shortcut="projection"),
        "optimizer": use("SGD", momentum=0.9, nesterov=True, learning_rate=0.05),
        "epochs": 15,
    }
)
TRANSFER = MLP.replace(
    {
        "data": use("Digits", image_size=32, examples_per_class=10),
        "model": use("Pretrained", backbone="resnet20_cifar10"),
        "preprocessing": [],
        "optimizer.learning_rate": 0.01,
        "epochs": 40,
    }
)
DIGITS = {
    "digits, dense layers, constant rate": MLP,
    "digits, dense layers, cosine": MLP.replace(
        {"optimizer": use("SGD", momentum=0.9, learning_rate=COSINE)}
    ),
    "digits, dense layers, 30 images a class": MLP.replace(
        {"data.examples_per_class": 30, "epochs": 60, "batch_size": 16}
    ),
    "digits, convolutions, constant rate": CONVOLUTIONS,
    "digits, convolutions, cosine": CONVOLUTIONS.replace({"optimizer.learning_rate": COSINE}),
    "digits, convolutions, augmented": CONVOLUTIONS.replace({"augment": AUGMENT}),
    "digits, a head on CIFAR-10's network": TRANSFER,
}


def cifar10(path: str) -> dict[str, Recipe]:
    """Returns the tasks on a part of CIFAR-10."""
    small = CONVOLUTIONS.replace(
        {
            "data": use("Npz", path=path, examples_per_class=200, validation_fraction=0.02),
            "preprocessing": [use("Rescaling", scale=1 / 127.5, offset=-1)],
            "epochs": 10,
        }
    )
    flipped = [use("RandomFlip", mode="horizontal"), use("RandomPadCrop", padding_pixels=4)]
    return {
        "CIFAR-10, convolutions, constant rate": small,
        "CIFAR-10, convolutions, cosine": small.replace({"optimizer.learning_rate": COSINE}),
        "CIFAR-10, convolutions, augmented": small.replace({"augment": flipped}),
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--seeds", type=int, nargs="+", default=[0, 1, 2])
    parser.add_argument("--cifar10", metavar="FILE", help="an archive with CIFAR-10, for Npz")
    parser.add_argument("--tasks", nargs="+", default=[""], help="parts of names of tasks")
    parser.add_argument("--table", type=Path, default=TABLE, help=f"(default: {TABLE})")
    arguments = parser.parse_args()
    tasks = DIGITS | (cifar10(arguments.cifar10) if arguments.cifar10 else {})
    rows = read_rows(arguments.table) if arguments.table.exists() else []
    with tempfile.TemporaryDirectory() as directory:
        # The first training of a process takes seconds that belong to neither way.
        train(MLP.replace({"epochs": 1}), directory=directory, verbose=0)
    for seed in arguments.seeds:
        for name, recipe in tasks.items():
            wanted = any(part in name for part in arguments.tasks)
            if wanted and not any((r["task"], r["seed"]) == (name, seed) for r in rows):
                print(f"{name}, seed {seed}", flush=True)
                rows.append({"task": name, "seed": seed, **compared(recipe, seed)})
                write_rows(arguments.table, rows)
    print_table([*summaries(rows)])
    print(f"\nload {os.getloadavg()[0]:.1f}, {keras.backend.backend()}")


def compared(recipe: Recipe, seed: int) -> dict[str, object]:
    """Trains a task both ways, and returns the scores and the seconds."""
    ways = {"best": False, "chosen": use("EveryAverage")}
    runs, seconds = {}, {}
    with tempfile.TemporaryDirectory() as directory:

        def way(name):
            changed = recipe.replace({"seed": seed, "averaging": ways[name]})
            runs[name] = train(changed, directory=directory, verbose=0, cache_features=False)

        for name in [*ways][:: 1 if seed % 2 else -1]:
            seconds[name] = seconds_of(lambda name=name: way(name))[CPU]
        labels = runs["best"].predictions["test_labels"]
        found = {n: run.predictions["test_probabilities"] for n, run in runs.items()}
        right = {name: each.argmax(-1) == labels for name, each in found.items()}
        return {
            "candidate": runs["chosen"].metrics["average"]["name"],
            "statistics": runs["chosen"].metrics["average"]["statistics"],
            "n": len(labels),
            **{f"{n}_log_loss": log_loss(labels, each) for n, each in found.items()},
            **{f"{n}_accuracy": float(each.mean()) for n, each in right.items()},
            "only_best_right": int(np.sum(right["best"] & ~right["chosen"])),
            "only_chosen_right": int(np.sum(right["chosen"] & ~right["best"])),
            **{f"{name}_seconds": round(float(each), 2) for name, each in seconds.items()},
        }


def summaries(rows: list[Mapping]) -> Iterator[dict[str, object]]:
    """Yields a row for each task, and one for all of them."""
    tasks = list(dict.fromkeys(row["task"] for row in rows))
    lower, worse, ratios, extras = 0, 0, [], []
    for task in tasks:
        own = [row for row in rows if row["task"] == task]
        mean = {key: np.mean([row[key] for row in own]) for key in own[0] if "_" in key}
        lost, won = (
            sum(row[key] for row in own) for key in ("only_best_right", "only_chosen_right")
        )
        p = binomtest(won, won + lost).pvalue if won + lost else 1.0
        lower += mean["chosen_log_loss"] < mean["best_log_loss"]
        worse += lost > won and p < SIGNIFICANCE
        chosen, best = (np.array([r[f"{way}_seconds"] for r in own]) for way in ("chosen", "best"))
        ratios.append(np.median(chosen / best))
        extras.append(np.median(chosen - best))
        yield {
            "task": task,
            "seeds": len(own),
            "log loss": f"{mean['best_log_loss']:.4f} -> {mean['chosen_log_loss']:.4f}",
            "accuracy": f"{mean['best_accuracy']:.2%} -> {mean['chosen_accuracy']:.2%}",
            "sign test": f"p = {p:.2f}",
            "time": f"{ratios[-1]:.3f}",
            "seconds more": f"{extras[-1]:.1f}",
        }
    if tasks:
        yield {
            "task": "all",
            "seeds": None,
            "log loss": f"lower on {lower} of {len(tasks)}",
            "accuracy": f"significantly lower on {worse}",
            "sign test": None,
            "time": f"{np.median(ratios):.3f}",
            "seconds more": f"{np.median(extras):.1f}",
        }


if __name__ == "__main__":
    main()
