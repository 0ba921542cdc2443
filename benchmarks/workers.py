"""Claim: on two cores, two workers take at most 0.6 of the time of one for eight trainings of 20 s.

    python benchmarks/workers.py

The same seeds of two networks on digits are trained by one worker and by two, in turn, each time
from nothing: dense layers, too small to use more than one core, and a ResNet, which uses them all.
Each worker has its share of the cores: one worker has all of them. The start of the workers, which
import Keras, counts. Other programs on the machine take from both and hide the gain, so the load is
printed too. `--trainings 2 --epochs 1` tries the script.
"""

import argparse
import os
import tempfile
import time

from kerasrecipes import Recipe, sweep, use
from kerasrecipes.engine import ProcessEngine

DIGITS = Recipe(
    data=use("Digits", validation_fraction=0.2),
    model=use("MLP", units=[64, 64]),
    optimizer=use("SGD", learning_rate=0.05, momentum=0.9),
    batch_size=32,
)
# Each takes about 20 seconds, alone on two cores.
RECIPES = {
    "dense": DIGITS.replace({"epochs": 200}),
    "resnet": DIGITS.replace({"epochs": 40, "model": use("ResNetCIFAR", depth=8, filters=16)}),
}
WORKERS = (1, 2)
TARGET = 0.6


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--networks", nargs="+", choices=RECIPES, default=list(RECIPES))
    parser.add_argument("--trainings", type=int, default=8, help="default: 8")
    parser.add_argument("--epochs", type=int, help="default: 200 of dense layers, 40 of the ResNet")
    parser.add_argument("--turns", type=int, default=3, help="default: 3")
    asked = parser.parse_args()
    print(f"load {os.getloadavg()[0]:.1f} on {os.cpu_count()} CPUs")
    for name in asked.networks:
        recipe = RECIPES[name]
        if asked.epochs is not None:
            recipe = recipe.replace({"epochs": asked.epochs})
        _compare(name, recipe, asked.trainings, asked.turns)


def _compare(name: str, recipe: Recipe, trainings: int, turns: int) -> None:
    ratios, tables = [], set()
    for _ in range(turns):
        seconds = {}
        for workers in WORKERS:
            seconds[workers], table, each = _seconds(recipe, workers, trainings)
            tables.add(table)
            print(
                f"{name}, {workers} worker{'s' if workers > 1 else ''}: {seconds[workers]:.0f} s, "
                f"{each:.1f} s a training, load {os.getloadavg()[0]:.1f}",
                flush=True,
            )
        ratios.append(seconds[2] / seconds[1])
    shown = ", ".join(f"{ratio:.2f}" for ratio in sorted(ratios))
    median = sorted(ratios)[len(ratios) // 2]
    print(f"{name}: two workers take {median:.2f} of the time of one ({shown}), n = {turns} turns")
    print(f"at most {TARGET}: {'holds' if median <= TARGET else 'missed'}")
    print(f"the tables are equal, row by row: {'yes' if len(tables) == 1 else 'no'}")


def _seconds(recipe: Recipe, workers: int, trainings: int) -> tuple[float, str, float]:
    """Returns how long a sweep takes, its scores, and the seconds of a training."""
    with tempfile.TemporaryDirectory() as folder:
        began = time.perf_counter()
        with ProcessEngine(workers) as engine:
            result = sweep(
                recipe, {"": {}}, range(trainings), directory=folder, verbose=0, engine=engine
            )
        took = time.perf_counter() - began
    scores = [[row["seed"], row["validation_loss"], row["test_loss"]] for row in result.rows]
    return took, repr(scores), sum(row["seconds"] for row in result.rows) / trainings


if __name__ == "__main__":
    main()
