"""Claims: `cifar10_fast` reaches 90% in two epochs, and takes no longer than 8.7 of ResNet-20.

    python benchmarks/time_to_accuracy.py cifar10.npz
    python benchmarks/time_to_accuracy.py cifar10.npz --only fast 'fast, a quarter' --seeds 12 13
    KERAS_BACKEND=jax python benchmarks/time_to_accuracy.py cifar10.npz --epochs 2

Accuracy against time, from the first step on: the recipe `cifar10_fast` in its 7 epochs and, with a
schedule of its own, in 2; the same in the widths of the records; `cifar10_resnet20` in 30 epochs,
and in 9, which take about as long as `cifar10_fast`; and the convolutional network of Keras's
documentation (keras.io/examples/vision/mnist_convnet) in its own settings, on CIFAR-10's images.
After each epoch the network is scored on the 5,000 images of validation, a tenth of what can be
trained on; the seconds, on the wall's clock and of all cores, count that, too, and the compilation.
The 10,000 test images are scored once, at the end; by `cifar10_fast` with views, too: the image and
four shifts by two pixels, and the mirror images of all five.

A row of the table is written after each training; the same command goes on where it was stopped.
`--epochs` shortens every training, for images a second of the other backends. Seed 0 tuned the
recipe, so that it scores nothing here.
"""

import argparse
import itertools
import os
import tempfile
from collections.abc import Iterator, Mapping
from pathlib import Path

import keras
import numpy as np
from harness.inputs import recipe_of
from harness.turns import now
from matplotlib.figure import Figure
from matplotlib.ticker import PercentFormatter

from kerasrecipes import Recipe, train, use
from kerasrecipes.base.checks import check_choice
from kerasrecipes.base.csv_table import read_rows, write_rows
from kerasrecipes.cli.tables import print_table
from kerasrecipes.page.svg import RULE, house_style
from kerasrecipes.runs import evaluate_dataset

DOCS = Path(__file__).parents[1] / "docs"
TABLE = DOCS / "results" / "time_to_accuracy.csv"
WANTED = (0.8, 0.85, 0.9, 0.93)
# What the figure shows: its colour and its legend.
DRAWN = {
    "fast": ("#b85000", "cifar10_fast"),
    "fast, a quarter": ("#c99700", "cifar10_fast in 2 epochs"),
    "fast, wide": ("#a0418f", "cifar10_fast, wide"),
    "ResNet-20": ("#0072b2", "cifar10_resnet20 in 30 epochs"),
    "ResNet-20, as long": ("#5aa9d6", "cifar10_resnet20 in 9 epochs"),
    "Keras's example": ("#007a5a", "the example of Keras's documentation"),
}
DRAWN_ON = "tensorflow"
WITH_VIEWS = ("fast", "fast, a quarter", "fast, wide")
VIEWS = "flip_shifts"


def convnet(input_shape, classes) -> keras.Model:
    """Returns the network of Keras's example, but for its softmax: our losses take logits."""
    return keras.Sequential(
        [
            keras.Input(input_shape),
            keras.layers.Conv2D(32, 3, activation="relu"),
            keras.layers.MaxPooling2D(),
            keras.layers.Conv2D(64, 3, activation="relu"),
            keras.layers.MaxPooling2D(),
            keras.layers.Flatten(),
            keras.layers.Dropout(0.5),
            keras.layers.Dense(classes, name="logits"),
        ]
    )


def contenders(path: str) -> dict[str, Recipe]:
    """Returns the trainings, by name."""
    data = use("Npz", path=path)
    fast = recipe_of("cifar10_fast").replace({"data": data})
    resnet20 = recipe_of("cifar10_resnet20").replace({"data": data})
    wide = fast.replace({"model.widths": [64, 256, 256]})
    example = Recipe(data=data, model=use("time_to_accuracy:convnet"), epochs=15, batch_size=128)
    return {
        "fast": fast,
        "fast, a quarter": fast.replace({"epochs": 2}),
        "fast, wide": wide,
        "ResNet-20": resnet20.replace({"epochs": 30}),
        "ResNet-20, as long": resnet20.replace({"epochs": 9}),
        "Keras's example": example,
    }


class EpochSeconds(keras.callbacks.Callback):
    """Counts wall and CPU seconds up to the end of each epoch and of its validation."""

    def on_train_begin(self, logs=None):
        self._began, self.epochs = now(), []

    def on_epoch_end(self, epoch, logs=None):
        self.epochs.append((*np.subtract(now(), self._began), logs["val_accuracy"]))


def rows_of(name: str, recipe: Recipe, seed: int, directory: Path) -> list[dict]:
    """Trains a network, and returns a row for each of its epochs."""
    seconds = EpochSeconds()
    run = train(
        recipe.replace({"seed": seed}),
        directory=directory,
        overwrite=True,
        callbacks=[seconds],
        verbose=0,
    )
    rows = [
        {
            "contender": name,
            "seed": seed,
            "backend": keras.backend.backend(),
            "epochs": recipe.epochs,
            "epoch": epoch,
            "wall_seconds": round(float(wall), 2),
            "cpu_seconds": round(float(cpu), 2),
            "images": epoch * run.data["sizes"]["train"],
            "validation_accuracy": float(accuracy),
        }
        for epoch, (wall, cpu, accuracy) in enumerate(seconds.epochs, 1)
    ]
    rows[-1]["test_accuracy"] = run.metrics["test"]["accuracy"]
    if name in WITH_VIEWS:
        dataset = run.load_dataset()
        views = evaluate_dataset(run, dataset, "test", VIEWS)
        rows[-1]["test_accuracy_with_views"] = views.accuracy
    return rows


def summaries(rows: list[dict]) -> Iterator[dict[str, str]]:
    """Yields a line for each kind of training: its seconds, when it was how good, its scores."""
    for key in dict.fromkeys((row["contender"], row["epochs"], row["backend"]) for row in rows):
        own = [r for r in rows if (r["contender"], r["epochs"], r["backend"]) == key]
        seeds = list(dict.fromkeys(row["seed"] for row in own))
        ends = [max((r for r in own if r["seed"] == s), key=lambda r: r["epoch"]) for s in seeds]
        name, epochs, backend = key
        yield {
            "training": f"{name}, {epochs} epochs, {backend}",
            "n": str(len(seeds)),
            "wall s": _mean(ends, "wall_seconds", ".0f"),
            "CPU s": _mean(ends, "cpu_seconds", ".0f"),
            "images/s": f"{np.median([r['images'] / r['wall_seconds'] for r in ends]):.0f}",
            **{f"CPU s to {wanted:.0%}": _reached(own, seeds, wanted) for wanted in WANTED},
            "test accuracy": _mean(ends, "test_accuracy", ".2%"),
            "with views": _mean(ends, "test_accuracy_with_views", ".2%"),
        }


def _mean(ends: list[dict], column: str, form: str) -> str:
    values = [row[column] for row in ends if row.get(column) is not None]
    if not values:
        return ""
    spread = f" ({min(values):{form}} to {max(values):{form}})" if len(values) > 1 else ""
    return f"{np.mean(values):{form}}{spread}"


def _reached(own: list[dict], seeds: list[int], wanted: float) -> str:
    """Returns the median over seeds of the CPU seconds at which validation had an accuracy."""
    firsts = []
    for seed in seeds:
        good = [r for r in own if r["seed"] == seed and r["validation_accuracy"] >= wanted]
        firsts.append(min((row["cpu_seconds"] for row in good), default=np.inf))
    median = np.median(firsts)
    return f"{median:.0f}" if np.isfinite(median) else "never"


def draw(rows: list[dict], lengths: Mapping[str, int]) -> Figure:
    """Returns a figure of validation accuracy over time: means over seeds, and their range.

    Args:
        rows: The rows of the table.
        lengths: The epochs of each training, by name: shortened ones are not shown.
    """
    with house_style():
        figure = Figure(figsize=(7, 3.8), dpi=144, layout="constrained")
        axes = figure.subplots()
        for name, (colour, legend) in DRAWN.items():
            kind = {"contender": name, "backend": DRAWN_ON, "epochs": lengths[name]}
            own = [row for row in rows if kind.items() <= row.items()]
            if not own:
                continue
            by_epoch = [[r for r in own if r["epoch"] == e + 1] for e in range(lengths[name])]
            times = [np.mean([row["cpu_seconds"] for row in there]) / 60 for there in by_epoch]
            scores = [[row["validation_accuracy"] for row in there] for there in by_epoch]
            label = f"{legend} (n = {len(by_epoch[-1])})"
            mean = [np.mean(each) for each in scores]
            axes.plot(times, mean, color=colour, linewidth=1.6, marker=".", label=label)
            low, high = [min(each) for each in scores], [max(each) for each in scores]
            axes.fill_between(times, low, high, color=colour, alpha=0.15, linewidth=0)
        axes.set(xlabel="CPU minutes", ylabel="validation accuracy")
        axes.set(xlim=(0, None), ylim=(0.5, 1))
        axes.yaxis.set_major_formatter(PercentFormatter(1, decimals=0))
        axes.yaxis.grid(color=RULE, linewidth=0.8)
        axes.legend(frameon=False, fontsize=8, loc="lower right")
    return figure


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("images", nargs="?", help="CIFAR-10 as an .npz file")
    parser.add_argument("--only", nargs="+", metavar="NAME", help="some of the trainings")
    parser.add_argument("--seeds", type=int, nargs="+", default=[11])
    parser.add_argument("--epochs", type=int, help="of every training, instead of its own")
    parser.add_argument("--table", type=Path, default=TABLE, help=f"(default: {TABLE})")
    arguments = parser.parse_args()
    if arguments.images is None:
        print("skipped: give CIFAR-10 as an .npz file")
        return
    trainings = contenders(arguments.images)
    for name in arguments.only or trainings:
        check_choice("only", name, trainings)
    rows = read_rows(arguments.table) if arguments.table.exists() else []
    for seed, name in itertools.product(arguments.seeds, arguments.only or trainings):
        recipe = trainings[name]
        recipe = recipe.replace({"epochs": arguments.epochs or recipe.epochs})
        made = {"contender": name, "seed": seed, "epochs": recipe.epochs}
        made["backend"] = keras.backend.backend()
        if any(made.items() <= row.items() for row in rows):
            continue
        print(f"{name}, seed {seed}", flush=True)
        with tempfile.TemporaryDirectory() as directory:
            rows += rows_of(name, recipe, seed, Path(directory))
        write_rows(arguments.table, rows)
    print_table([*summaries(rows)])
    if arguments.table == TABLE:
        lengths = {name: recipe.epochs for name, recipe in trainings.items()}
        path = DOCS / "images" / "time_to_accuracy.svg"
        draw(rows, lengths).savefig(path, metadata={"Date": None})
    print(f"\nload {os.getloadavg()[0]:.1f}")


if __name__ == "__main__":
    main()
