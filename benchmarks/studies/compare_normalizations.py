"""Compares normalizations at batches of 2, 8, 32 and 128 images of handwritten digits.

    python benchmarks/studies/compare_normalizations.py

A residual network of 8 layers gets the same passes over the data at every batch size, and a
learning rate in proportion to it (Goyal et al., 2017, https://arxiv.org/abs/1706.02677). Each
normalization gets the rate of a grid, the same for all, at which seed 0 scores best on validation
with batches of 32; ties go to the lower loss. At this rate, scaled to the batch, it is trained with
three other seeds, whose test scores are the result: a table of all runs in docs/results/, a figure
in docs/images/. What it shows is in docs/explanation/normalization.md.

Batch normalization's averages have momentum 0.9, as the lectures print it.
Some 5 to 30 seconds a run, 90 runs; finished ones are kept.
"""

from pathlib import Path

import matplotlib
import numpy as np
from matplotlib.figure import Figure
from matplotlib.ticker import NullLocator, PercentFormatter

from kerasrecipes import Recipe, use
from kerasrecipes.cli.tables import print_table
from kerasrecipes.page.svg import RULE, house_style
from kerasrecipes.runs.sweeping import Sweep, sweep

recipe = Recipe(
    data=use("Digits", validation_fraction=0.2),
    model=use("ResNetCIFAR", depth=8, filters=8),
    optimizer=use(
        "SGD",
        momentum=0.9,
        learning_rate=use(
            "CosineDecay", initial_learning_rate=0.0, warmup_target=0.1, warmup_epochs=1
        ),
    ),
    epochs=5,
    batch_size=32,
    monitor=None,  # Scores are the last epoch's: choosing an epoch would hide what is unsteady.
)

BATCH = use("BatchNormalization", momentum=0.9)
NORMALIZATIONS = ("batch", "group", "layer", "instance", "weight", "none")
BATCH_SIZES = (2, 8, 32, 128)
RATES = (0.03, 0.1, 0.3)  # With batches of 32.
SEEDS = (1, 2, 3)

COLOURS = ("#0072b2", "#b85000", "#007a5a", "#a0418f", "#b8860b", "#1a1d21")


def changes(name: str, batch_size: int, rate: float) -> dict[str, object]:
    """Returns what makes the recipe one of this normalization, batch size and rate at 32."""
    return {
        "model.normalization": BATCH if name == "batch" else name,
        "batch_size": batch_size,
        "optimizer.learning_rate.warmup_target": rate * batch_size / 32,
    }


def compare(recipe, normalizations, batch_sizes, rates, seeds, directory) -> tuple[Sweep, Sweep]:
    """Returns the runs that chose the rates, and those that count: "name at batch size"."""
    options = {"directory": directory, "name": "run", "verbose": 0, "on_start": print_variant}
    grid = {f"{name} at rate {r:g}": changes(name, 32, r) for name in normalizations for r in rates}
    tried = sweep(recipe, grid, [0], **options)
    scores = {r["label"]: (r["validation_accuracy"], -r["validation_loss"]) for r in tried.rows}
    best = {
        name: max(rates, key=lambda rate: scores[f"{name} at rate {rate:g}"])
        for name in normalizations
    }
    chosen = {
        f"{name} at {size}": changes(name, size, best[name])
        for name in normalizations
        for size in batch_sizes
    }
    # All variants for a seed, then the next seed: other work on the machine slows all alike.
    rounds = [sweep(recipe, chosen, [seed], **options) for seed in seeds]
    return tried, Sweep(tuple(row for result in rounds for row in result.rows))


def table(result: Sweep) -> list[dict[str, str]]:
    """Returns a row a normalization: its rate, and what it scored at each batch size."""
    cells: dict[str, dict[str, str]] = {}
    rates = {row["label"]: rate_at_32(row) for row in result.rows}
    for row in result.summary("test_accuracy"):
        name, size = row["label"].split(" at ")
        cells.setdefault(name, {"normalization": name, "rate at 32": f"{rates[row['label']]:g}"})[
            f"batch {size}"
        ] = f"{row['mean']:.1%} ({row['low']:.1%} to {min(row['high'], 1):.1%})"
    return list(cells.values())


def rate_at_32(row) -> float:
    """Returns the rate of the grid that a row was trained at."""
    return round(row["optimizer.learning_rate.warmup_target"] * 32 / row["batch_size"], 6)


def draw(result: Sweep) -> Figure:
    """Returns a figure: mistakes on test over the batch size, the mean and every seed."""
    with house_style():
        figure = Figure(figsize=(7.5, 4.5), dpi=144, layout="constrained")
        axes = figure.subplots()
        for colour, name in zip(COLOURS, names(result), strict=False):
            rows = [row for row in result.rows if row["label"].split(" at ")[0] == name]
            sizes = sorted({row["batch_size"] for row in rows})
            mistakes = [
                [1 - row["test_accuracy"] for row in rows if row["batch_size"] == size]
                for size in sizes
            ]
            axes.plot(sizes, np.mean(mistakes, axis=1), color=colour, linewidth=1.6, label=name)
            axes.plot(sizes, mistakes, ".", color=colour, markersize=5)
        axes.set_xscale("log", base=2)
        axes.set_yscale("log")
        axes.xaxis.set_minor_locator(NullLocator())
        axes.set(xticks=sizes, xticklabels=sizes, xlabel="images a batch", ylabel="test error")
        axes.yaxis.set_major_formatter(PercentFormatter(1, decimals=0))
        axes.yaxis.set_minor_formatter(PercentFormatter(1, decimals=0))
        axes.yaxis.grid(color=RULE, linewidth=0.8)
        axes.legend(frameon=False)
    return figure


def names(result: Sweep) -> list[str]:
    """Returns the normalizations of a result, in order."""
    return list(dict.fromkeys(label.split(" at ")[0] for label in result.labels))


def print_variant(recipe) -> None:
    """Says what is trained next."""
    print(recipe.model.options["normalization"], recipe.batch_size, recipe.seed, flush=True)


if __name__ == "__main__":
    root = Path(__file__).parents[2]
    tried, result = compare(
        recipe,
        NORMALIZATIONS,
        BATCH_SIZES,
        RATES,
        SEEDS,
        root / "saved_models" / "compare_normalizations",
    )
    Sweep(tried.rows + result.rows).write(root / "docs" / "results" / "compare_normalizations.csv")
    # Text as outlines: whoever looks at the file may not have its font.
    with matplotlib.rc_context({"svg.fonttype": "path", "svg.hashsalt": "compare_normalizations"}):
        draw(result).savefig(
            root / "docs" / "images" / "compare_normalizations.svg", metadata={"Date": None}
        )
    print_table(table(result))
