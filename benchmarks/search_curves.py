"""Table of learning curves that `benchmarks/search.py` replays.

    python benchmarks/search_curves.py digits [--seconds 480]
    python benchmarks/search_curves.py cifar10 --images cifar10.npz [--seconds 480]
    python benchmarks/search_curves.py digits_features
    python benchmarks/search_curves.py inverted_features --images cifar10.npz

A network is trained for 27 epochs at points of a space of seven dimensions: a ResNetCIFAR of depth
8 on 720 of scikit-learn's digits (8x8 pixels), or on 1,000 images of CIFAR-10 at 16x16 pixels; or a
hidden layer of 64 units on the features that the network which comes with the package gives of the
same digits, or of 1,000 negatives of CIFAR-10's test images, shifted at random or not. The first
points are a scrambled Sobol sequence. Those after them lie around the best so far, so that a
surrogate that is fitted to the table is accurate where searches end up. The last ones repeat some
points with other seeds, which measures the noise. Each point adds a row with validation and test
accuracy after every epoch to a table in benchmarks/search_tables/, and is not computed again.

The learning rate falls by the same factor in each epoch, however long the run is. The first `e`
epochs of a curve are therefore those of a run of `e` epochs. One graph serves all points of the
same width (or the same shifts) and batch size, so that a point takes seconds on one core.
"""

import argparse
import csv
import time
from pathlib import Path

import numpy as np
from scipy.stats import qmc
from search_replay.space import DIMENSIONS, OPTIONS, point_of, values_at
from search_replay.trainer import EPOCHS, trainers

TABLES = Path(__file__).parent / "search_tables"
# The numbers of points of the Sobol sequence, of points around the best and of points that are
# repeated; and how many seeds each of the latter has.
SPREAD, NEAR, REPEATED, SEEDS = 160, 80, 16, 3
NEIGHBOURHOOD = 0.12


def read_table(task: str) -> list[dict]:
    """Returns the rows of a table: hyperparameters, seed and two arrays of accuracies."""
    path = TABLES / f"{task}.csv"
    if not path.exists():
        return []
    with path.open(encoding="utf-8", newline="") as file:
        return [_parsed(row) for row in csv.DictReader(file)]


def main(task: str, images: Path | None, seconds: float) -> None:
    import tensorflow as tf

    tf.config.threading.set_intra_op_parallelism_threads(1)
    tf.config.threading.set_inter_op_parallelism_threads(1)
    began, trainer = time.perf_counter(), trainers(task, images)
    while (pending := _pending(task)) and time.perf_counter() - began < seconds:
        point, seed = pending[0]
        values = values_at(task, point)
        validation, test = trainer(values).train(values, seed)
        _append(task, {"point": len(read_table(task)), "seed": seed, **values}, validation, test)
    print(f"{task}: {len(read_table(task))} rows, {len(_pending(task))} to come")


def _pending(task: str) -> list[tuple[np.ndarray, int]]:
    """Returns the next points that are not in the table yet, each with its seed."""
    rows = read_table(task)
    done = len(rows)
    if done < SPREAD:
        points = qmc.Sobol(DIMENSIONS, seed=0).random(512)[done:SPREAD]
        # They are not sorted by the graphs that they share, so that a table that stops early is
        # spread evenly.
        return [(point, done + i) for i, point in enumerate(points)]
    ranked = sorted(rows[: SPREAD + NEAR], key=lambda row: -row["validation"][-3:].mean())
    if done < SPREAD + NEAR:
        rng = np.random.default_rng(done)
        parent = ranked[int(len(ranked) * 0.2 * rng.random() ** 2)]
        point = point_of(task, parent) + rng.normal(0, NEIGHBOURHOOD, DIMENSIONS)
        return [(np.abs(1 - np.abs(1 - point)), done)]  # Reflected at the bounds.
    # Points from the best to the middle of the ranking: no search would choose worse ones.
    chosen = ranked[:: max(1, len(ranked) // (2 * REPEATED))][:REPEATED]
    again = [
        (point_of(task, row), row["seed"] + 10_000 * s) for s in range(1, SEEDS) for row in chosen
    ]
    return again[done - SPREAD - NEAR :]


def _append(task: str, row: dict, validation, test) -> None:
    path = TABLES / f"{task}.csv"
    cells = {name: f"{v:.6g}" if isinstance(v, float) else v for name, v in row.items()}
    for split, scores in (("validation", validation), ("test", test)):
        cells |= {f"{split}_{epoch}": f"{v:.5f}" for epoch, v in enumerate(scores, start=1)}
    new = not path.exists()
    with path.open("a", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, cells, lineterminator="\n")
        if new:
            writer.writeheader()
        writer.writerow(cells)


def _parsed(row: dict) -> dict:
    parsed = {name: row[name] if name == "optimizer" else float(row[name]) for name in row}
    for name in {"point", "seed", "filters", "padding", "batch_size"} & row.keys():
        parsed[name] = int(parsed[name])
    for split in ("validation", "test"):
        parsed[split] = np.array([parsed.pop(f"{split}_{e}") for e in range(1, EPOCHS + 1)])
    return parsed


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("task", choices=OPTIONS)
    parser.add_argument("--images", type=Path, help="cifar10.npz: x_train, y_train, x_test, y_test")
    parser.add_argument("--seconds", type=float, default=float("inf"), help="stop after these")
    arguments = parser.parse_args()
    main(arguments.task, arguments.images, arguments.seconds)
