"""Compares the optimizers of lectures on scikit-learn's handwritten digits.

    python benchmarks/studies/compare_optimizers.py

Each optimizer gets the learning rate of a grid, the same for all, at which seed 0 scores best on
validation; ties go to the lower loss. At this rate it is trained with five other seeds, whose test
scores are the result: a table of all runs in docs/results/, a figure in docs/images/. What it shows
is in docs/explanation/optimizers.md. A few seconds a run, 143 runs; finished ones are kept.
"""

from pathlib import Path

import matplotlib
import numpy as np
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator, NullLocator, PercentFormatter

from kerasrecipes import Recipe, Run, use
from kerasrecipes.cli.tables import print_table
from kerasrecipes.page.svg import RULE, house_style
from kerasrecipes.runs.sweeping import Sweep, sweep

recipe = Recipe(
    data=use("Digits", validation_fraction=0.2),
    model=use("MLP", units=[64, 64]),
    epochs=20,
    batch_size=64,
    monitor=None,  # Scores are the last epoch's: choosing an epoch would hide what is unsteady.
)

OPTIMIZERS = {
    "SGD": use("SGD"),
    "momentum": use("Momentum", momentum=0.9),
    "Nesterov": use("Momentum", momentum=0.9, nesterov=True),
    "AdaGrad": use("Adagrad", initial_accumulator_value=0.0),  # The lectures' start; Keras's: 0.1.
    "RMSprop": use("RMSprop"),
    "UncorrectedAdam": use("UncorrectedAdam"),
    "Adam": use("Adam"),
    "AMSGrad": use("Adam", amsgrad=True),
    "RAdam": use("RAdam"),
    "DiffGrad": use("DiffGrad"),
    "AdaBelief": use("AdaBelief"),
}
RATES = (0.0003, 0.001, 0.003, 0.01, 0.03, 0.1, 0.3, 1.0)
SEEDS = (1, 2, 3, 4, 5)

# The panels of the figure.
FAMILIES = (
    ("SGD", "momentum", "Nesterov"),
    ("AdaGrad", "RMSprop", "UncorrectedAdam"),
    ("Adam", "AMSGrad", "RAdam", "DiffGrad", "AdaBelief"),
)
COLOURS = ("#0072b2", "#b85000", "#007a5a", "#a0418f", "#1a1d21")


def compare(recipe, optimizers, rates, seeds, directory) -> tuple[Sweep, Sweep]:
    """Returns the runs that chose the rates, labelled "optimizer, rate", and those that count."""
    options = {"directory": directory, "name": "run", "verbose": 0, "on_start": print_optimizer}
    grid = {
        f"{name}, {rate:g}": {"optimizer": optimizer, "optimizer.learning_rate": rate}
        for name, optimizer in optimizers.items()
        for rate in rates
    }
    tried = sweep(recipe, grid, [0], **options)
    scores = {r["label"]: (r["validation_accuracy"], -r["validation_loss"]) for r in tried.rows}
    best = {
        name: max((f"{name}, {rate:g}" for rate in rates), key=scores.__getitem__)
        for name in optimizers
    }
    chosen = {name: grid[best[name]] for name in optimizers}
    # All optimizers for a seed, then the next seed: other work on the machine slows all alike.
    rounds = [sweep(recipe, chosen, [seed], **options) for seed in seeds]
    return tried, Sweep(tuple(row for result in rounds for row in result.rows))


def table(result: Sweep) -> list[dict[str, str]]:
    """Returns a row an optimizer: what it scored and at which rate."""
    rates = {row["label"]: row["optimizer.learning_rate"] for row in result.rows}
    seconds = {row["label"]: row["mean"] for row in result.summary("seconds")}
    return [
        {
            "optimizer": row["label"],
            "learning rate": f"{rates[row['label']]:g}",
            "test accuracy": f"{row['mean']:.2%}",
            "95% interval": f"{row['low']:.2%} to {row['high']:.2%}",
            "n": str(row["n"]),
            "seconds": f"{seconds[row['label']]:.1f}",
        }
        for row in result.summary("test_accuracy")
    ]


def curves(result: Sweep, directory) -> dict[str, tuple[np.ndarray, np.ndarray]]:
    """Returns seconds and validation accuracy by epoch, for each optimizer, medians over seeds."""
    found = {}
    for name in result.labels:
        rows = [row for row in result.rows if row["label"] == name]
        runs = [Run(Path(directory, f"run-{row['fingerprint']}")) for row in rows]
        seconds = np.array([[epoch["seconds"] for epoch in run.history] for run in runs])
        # The first epoch compiles the training step: it counts as much as another.
        seconds[:, 0] = np.median(seconds[:, 1:], axis=1)
        accuracy = np.array([[epoch["val_accuracy"] for epoch in run.history] for run in runs])
        found[name] = np.median(seconds.cumsum(axis=1), axis=0), np.median(accuracy, axis=0)
    return found


def draw(curves) -> Figure:
    """Returns a figure: the curves of a family a row, over epochs and over seconds."""
    with house_style():
        figure = Figure(figsize=(9, 7.5), dpi=144, layout="constrained")
        panels = figure.subplots(len(FAMILIES), 2, sharex="col", sharey=True)
        for family, row in zip(FAMILIES, panels, strict=True):
            for axes, by_time in zip(row, (False, True), strict=True):
                for name, (seconds, accuracy) in curves.items():
                    x = seconds if by_time else np.arange(1, len(accuracy) + 1)
                    if name in family:
                        colour = COLOURS[family.index(name)]
                        axes.plot(x, accuracy, color=colour, linewidth=1.6, label=name)
                    else:
                        axes.plot(x, accuracy, color=RULE, linewidth=1, zorder=1)
                # This scale spreads what lies between 90% and 98%, where most of it happens.
                axes.set_yscale("logit")
                axes.set(ylim=(0.6, 0.985), yticks=(0.6, 0.8, 0.9, 0.95, 0.98))
                axes.yaxis.set_minor_locator(NullLocator())
                axes.yaxis.set_major_formatter(PercentFormatter(1, decimals=0))
                axes.yaxis.grid(color=RULE, linewidth=0.8)
                axes.margins(x=0)
            row[0].legend(frameon=False, loc="lower right")
            row[0].set_ylabel("validation accuracy")
        panels[0, 0].xaxis.set_major_locator(MaxNLocator(integer=True))
        panels[-1, 0].set_xlabel("epoch")
        panels[-1, 1].set_xlabel("seconds, without compiling")
    return figure


def print_optimizer(recipe) -> None:
    """Says what is trained next."""
    print(recipe.optimizer, f"seed {recipe.seed}", flush=True)


if __name__ == "__main__":
    root = Path(__file__).parents[2]
    runs = root / "saved_models" / "compare_optimizers"
    tried, result = compare(recipe, OPTIMIZERS, RATES, SEEDS, runs)
    Sweep(tried.rows + result.rows).write(root / "docs" / "results" / "compare_optimizers.csv")
    # Text as outlines: whoever looks at the file may not have its font.
    with matplotlib.rc_context({"svg.fonttype": "path", "svg.hashsalt": "compare_optimizers"}):
        figure = draw(curves(result, runs))
        figure.savefig(root / "docs" / "images" / "compare_optimizers.svg", metadata={"Date": None})
    print_table(table(result))
