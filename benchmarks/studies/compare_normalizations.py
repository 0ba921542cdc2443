"""Comparison of normalizations at batches of 2, 8, 32 and 128 images of handwritten digits.

    python -m benchmarks.studies.compare_normalizations

90 runs of 4 to 67 seconds on 2 busy CPU cores, 31 minutes in all. Batch normalization is ahead from
8 images on, 98.0% test accuracy there (95% interval 97.2 to 98.8), and not at 2, 97.2% (96.5 to
97.9): means of 3 seeds, n = 359 images, whose differences lie within these intervals.

A residual network of 8 layers gets the same passes over the data at every batch size, and a
learning rate in proportion to it (Goyal et al., 2017, https://arxiv.org/abs/1706.02677). Each
normalization gets the rate of a grid, the same for all, at which seed 0 scores best on validation
with batches of 32; ties go to the lower loss. At this rate, scaled to the batch, it is trained with
three other seeds, whose test scores are the result. What it shows is in
docs/explanation/normalization.md.

Batch normalization's averages have momentum 0.9, as the lectures print it.
"""

import numpy as np
from matplotlib.figure import Figure
from matplotlib.ticker import NullLocator, PercentFormatter

from benchmarks.studies.study import (
    BLUE,
    GREEN,
    ORANGE,
    PURPLE,
    Study,
    choose_on_validation,
    joined,
    new_figure,
    sweep_in_rounds,
)
from kerasrecipes import Recipe, use
from kerasrecipes.cli.tables import print_table
from kerasrecipes.page.svg import INK, RULE
from kerasrecipes.runs import Sweep

STUDY = Study("compare_normalizations")

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

COLOURS = (BLUE, ORANGE, GREEN, PURPLE, "#b8860b", INK)


def main() -> None:
    """Trains what is not there yet; writes table and figure."""
    STUDY.parser(__doc__).parse_args()
    tried, result = compare(recipe, NORMALIZATIONS, BATCH_SIZES, RATES, SEEDS, STUDY.runs)
    joined([tried, result]).write(STUDY.table())
    STUDY.save(draw(result))
    print_table(table(result))


def changes(name: str, batch_size: int, rate: float) -> dict[str, object]:
    """Returns what makes the recipe one of this normalization, batch size and rate at 32."""
    return {
        "model.normalization": BATCH if name == "batch" else name,
        "batch_size": batch_size,
        "optimizer.learning_rate.warmup_target": rate * batch_size / 32,
    }


def compare(recipe, normalizations, batch_sizes, rates, seeds, directory) -> tuple[Sweep, Sweep]:
    """Returns the runs that chose the rates, and those that count: "name at batch size"."""
    shown = ("model", "batch_size")
    grid = {name: {rate: changes(name, 32, rate) for rate in rates} for name in normalizations}
    tried, best = choose_on_validation(
        recipe, grid, directory, shown=shown, label="{} at rate {:g}"
    )
    chosen = {
        f"{name} at {size}": changes(name, size, best[name])
        for name in normalizations
        for size in batch_sizes
    }
    return tried, sweep_in_rounds(recipe, chosen, seeds, directory, shown=shown)


def table(result: Sweep) -> list[dict[str, str]]:
    """Returns a row a normalization: its rate, and what it scored at each batch size."""
    cells: dict[str, dict[str, str]] = {}
    rates = {row["label"]: rate_at_32(row) for row in result.rows}
    for row in result.summary("test_accuracy"):
        name, size = row["label"].split(" at ")
        first = {"normalization": name, "rate at 32": f"{rates[row['label']]:g}"}
        score = f"{row['mean']:.1%} ({row['low']:.1%} to {min(row['high'], 1):.1%})"
        cells.setdefault(name, first)[f"batch {size}"] = score
    return list(cells.values())


def rate_at_32(row) -> float:
    """Returns the rate of the grid that a row was trained at."""
    return round(row["optimizer.learning_rate.warmup_target"] * 32 / row["batch_size"], 6)


def draw(result: Sweep) -> Figure:
    """Returns a figure: mistakes on test over the batch size, the mean and every seed."""
    with new_figure(7.5, 4.5) as (figure, axes):
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


if __name__ == "__main__":
    main()
