"""Comparison of the lectures' optimizers on scikit-learn's handwritten digits.

    python -m benchmarks.studies.compare_optimizers

143 runs of 1 to 6 seconds on 2 busy CPU cores, 6 minutes in all. No optimizer is best here: all
eleven score 97.0% to 97.9% on test, within each other's 95% intervals (5 seeds, n = 359 images).

Each optimizer gets the learning rate of a grid, the same for all, at which seed 0 scores best on
validation; ties go to the lower loss. At this rate it is trained with five other seeds, whose test
scores are the result. The figure, of accuracy over epochs and seconds, is drawn from the histories
in the run folders. What it shows is in docs/explanation/optimizers.md.
"""

import numpy as np
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator, NullLocator, PercentFormatter

from benchmarks.studies.study import (
    BLUE,
    GREEN,
    ORANGE,
    PURPLE,
    Study,
    choose_on_validation,
    interval,
    joined,
    new_figure,
    sweep_in_rounds,
)
from kerasrecipes import Recipe, Run, use
from kerasrecipes.cli.tables import print_table
from kerasrecipes.page.svg import INK, RULE
from kerasrecipes.runs import Sweep
from kerasrecipes.training.files.run_folders import run_folder

STUDY = Study("compare_optimizers")

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
COLOURS = (BLUE, ORANGE, GREEN, PURPLE, INK)


def main() -> None:
    """Trains what is not there yet; writes table and figure."""
    STUDY.parser(__doc__).parse_args()
    tried, result = compare(recipe, OPTIMIZERS, RATES, SEEDS, STUDY.runs)
    joined([tried, result]).write(STUDY.table())
    STUDY.save(draw(curves(result, STUDY.runs)))
    print_table(table(result))


def compare(recipe, optimizers, rates, seeds, directory) -> tuple[Sweep, Sweep]:
    """Returns the runs that chose the rates, labelled "optimizer, rate", and those that count."""
    grid = {
        name: {rate: {"optimizer": optimizer, "optimizer.learning_rate": rate} for rate in rates}
        for name, optimizer in optimizers.items()
    }
    tried, best = choose_on_validation(recipe, grid, directory, shown=["optimizer"])
    chosen = {name: grid[name][rate] for name, rate in best.items()}
    return tried, sweep_in_rounds(recipe, chosen, seeds, directory, shown=["optimizer"])


def table(result: Sweep) -> list[dict[str, str]]:
    """Returns a row an optimizer: what it scored and at which rate."""
    rates = {row["label"]: row["optimizer.learning_rate"] for row in result.rows}
    seconds = {row["label"]: row["mean"] for row in result.summary("seconds")}
    return [
        {
            "optimizer": row["label"],
            "learning rate": f"{rates[row['label']]:g}",
            "test accuracy": f"{row['mean']:.2%}",
            "95% interval": interval(row, ".2%"),
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
        runs = [
            Run(run_folder(directory, "run", row["fingerprint"], row["data_hash"])) for row in rows
        ]
        seconds = np.array([[epoch["seconds"] for epoch in run.history] for run in runs])
        # The first epoch compiles the training step: it counts as much as another.
        seconds[:, 0] = np.median(seconds[:, 1:], axis=1)
        accuracy = np.array([[epoch["val_accuracy"] for epoch in run.history] for run in runs])
        found[name] = np.median(seconds.cumsum(axis=1), axis=0), np.median(accuracy, axis=0)
    return found


def draw(curves) -> Figure:
    """Returns a figure: the curves of a family a row, over epochs and over seconds."""
    with new_figure(9, 7.5, len(FAMILIES), 2, sharex="col", sharey=True) as (figure, panels):
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


if __name__ == "__main__":
    main()
