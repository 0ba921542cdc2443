"""Comparison of the starts of deep networks, by activation and initialization.

    python -m benchmarks.studies.initialization_study

48 runs of 3 to 98 seconds on 2 busy CPU cores, 19 minutes in all. Starts whose signals vanish or
saturate stay near chance; ResNet-20 without normalization does too from He's start, 10.0% test
accuracy, and reaches 94.9% from LSUV's (93.9 to 96.7 over 3 seeds, n = 359 images).

First the experiment of the lectures, in `initialization_experiment.py`: ten layers, random inputs,
no training; means, deviations and histograms of what each layer gives, and of the gradients that
come back. Then deep networks are trained from each start on scikit-learn's handwritten digits,
without normalization. What both show is in docs/explanation/initialization.md.
"""

import numpy as np
from matplotlib.figure import Figure
from matplotlib.ticker import LogLocator, NullLocator

from benchmarks.studies.initialization_experiment import (
    HE,
    INITIALIZERS,
    LAYERS,
    LECUN,
    PRINTED,
    SLOPES,
    SMALL,
    activate,
    experiment,
    statistics,
)
from benchmarks.studies.study import (
    BLUE,
    GREEN,
    ORANGE,
    PURPLE,
    YELLOW,
    Study,
    new_figure,
    sweep_in_rounds,
)
from kerasrecipes import Recipe, use
from kerasrecipes.base.csv_table import write_rows
from kerasrecipes.cli.tables import print_table
from kerasrecipes.page.svg import INK, MUTED, RULE
from kerasrecipes.runs import Sweep

STUDY = Study("initialization_study")

recipe = Recipe(
    data=use("Digits", validation_fraction=0.2),
    model=use("MLP", units=[100] * 10, activation="tanh"),
    optimizer=use("SGD", learning_rate=0.05, momentum=0.9),
    epochs=15,
    batch_size=64,
    monitor=None,  # Scores are the last epoch's: choosing an epoch would hide what is unsteady.
)
SEEDS = (1, 2, 3)

COLOURS = dict(zip(INITIALIZERS, (INK, YELLOW, GREEN, BLUE, PURPLE, ORANGE, MUTED), strict=True))


def main() -> None:
    """Runs the experiment, trains what is not in the table; writes tables and figures."""
    STUDY.parser(__doc__).parse_args()
    rows = [row for f in ("tanh", "relu") for name in INITIALIZERS for row in statistics(f, name)]
    write_rows(STUDY.table("initialization_statistics"), rows)
    STUDY.save(draw_statistics(rows), "initialization_statistics")
    STUDY.save(draw_histograms("outputs"), "initialization_outputs")
    STUDY.save(draw_histograms("gradients"), "initialization_gradients")
    STUDY.save(draw_activations(), "activations")
    result = sweep_in_rounds(
        recipe,
        training_changes(),
        SEEDS,
        STUDY.runs,
        shown=["model", "initialization"],
        table=STUDY.table(),
    )
    print_table(table(result))


def training_changes() -> dict[str, dict[str, object]]:
    """Returns what is trained, by label: ResNet-20, ten tanh layers, ten relu layers."""
    starts: dict[str, dict[str, object]] = {
        "LSUV": {"initialization": [use("lsuv")]},
        "data-dependent": {"initialization": [use("data_dependent")]},
    }
    for name, scale in {HE: 2.0, LECUN: 1.0}.items():
        scaled = use("VarianceScaling", scale=scale, distribution="untruncated_normal")
        starts[name] = {"model.kernel_initializer": scaled}
    for name, stddev in {SMALL: 0.01, PRINTED: 50**0.5}.items():
        starts[name] = {"model.kernel_initializer": use("RandomNormal", stddev=stddev)}
    dense = {
        f"10 {activation} layers, {name}": {"model.activation": activation, **change}
        for activation in ("tanh", "relu")
        for name, change in starts.items()
    }
    plain = use("ResNetCIFAR", depth=20, normalization="none")
    residual = {
        "batch normalization": {"model": use("ResNetCIFAR", depth=20)},
        "He": {"model": plain},
        "LSUV": {"model": plain, "initialization": [use("lsuv")]},
        "Fixup": {"model": use("FixupResNetCIFAR", depth=20)},
    }
    residual = {f"ResNet-20, {name}": {"epochs": 8, **change} for name, change in residual.items()}
    return residual | dense


def table(result: Sweep) -> list[dict[str, str]]:
    """Returns a row for each start: what the networks scored."""
    return [
        {
            "network and start": row["label"],
            "test accuracy": f"{row['mean']:.1%}",
            "lowest to highest": f"{min(scores):.1%} to {max(scores):.1%}",
            "n": str(row["n"]),
        }
        for row in result.summary("test_accuracy")
        for scores in [
            [r["test_accuracy"] for r in result.rows if r["label"] == row["label"]],
        ]
    ]


def draw_statistics(rows) -> Figure:
    """Returns a figure: deviations of outputs and of gradients, layer by layer."""
    with new_figure(9, 6.4, 2, 2, sharex=True) as (figure, panels):
        for column, activation in enumerate(("tanh", "relu")):
            for axes, quantity in zip(panels[:, column], ("deviation", "gradient"), strict=True):
                for name, colour in COLOURS.items():
                    found = [
                        (row["layer"], row[quantity])
                        for row in rows
                        if (row["activation"], row["initialization"]) == (activation, name)
                    ]
                    style = {"linestyle": "--"} if name == "random walk" else {}
                    axes.plot(*zip(*found, strict=True), color=colour, label=name, **style)
                axes.set_yscale("log")
                axes.yaxis.set_major_locator(LogLocator(numticks=6))
                axes.yaxis.set_major_formatter("{x:g}")
                axes.yaxis.set_minor_locator(NullLocator())
                axes.yaxis.grid(color=RULE, linewidth=0.8)
            panels[0, column].set_title(activation, loc="left", fontsize="medium")
            panels[0, column].set_ylim(1e-7, 1e3 if activation == "relu" else 10)
            panels[1, column].set_ylim(1e-7, 1e7)
            panels[1, column].set_xlabel("layer")
            panels[1, column].set_xticks(range(1, LAYERS + 1))
        panels[0, 0].set_ylabel("deviation of the outputs")
        panels[1, 0].set_ylabel("deviation of the gradients")
        handles, labels = panels[0, 0].get_legend_handles_labels()
        figure.legend(handles, labels, loc="outside lower center", ncols=4, frameon=False)
    return figure


def draw_histograms(quantity: str) -> Figure:
    """Returns a figure: histograms of each layer's `"outputs"` or `"gradients"`, a start a row."""
    shown = [("tanh", name) for name in (SMALL, "randn", LECUN)]
    shown += [("relu", name) for name in (SMALL, LECUN, HE)]
    with new_figure(9, 6.4, len(shown), LAYERS, sharey="row") as (figure, panels):
        for row, (activation, name) in zip(panels, shown, strict=True):
            bounds = {"tanh": (-1, 1), "relu": (0, 3)}[activation]
            options = {"bins": 30, "range": bounds if quantity == "outputs" else (-3, 3)}
            for axes, layer in zip(row, experiment(activation, name), strict=True):
                values = layer[quantity].ravel()
                axes.hist(values, histtype="stepfilled", color=BLUE, **options)
                axes.set(xticks=[], yscale="log")
                axes.tick_params(which="both", labelleft=False, left=False)
            row[0].set_ylabel(f"{activation}\n{name}", fontsize="small")
        for number, axes in enumerate(panels[0], start=1):
            axes.set_title(f"layer {number}", fontsize="small")
    return figure


def draw_activations() -> Figure:
    """Returns a figure: activation functions and their slopes."""
    z = np.linspace(-5, 5, 1001)
    options = {"sharex": True, "sharey": "row", "height_ratios": (3, 2)}
    with new_figure(9, 3, 2, len(SLOPES), **options) as (figure, panels):
        for (above, below), (name, slope) in zip(panels.T, SLOPES.items(), strict=True):
            above.plot(z, activate(name, z), color=BLUE)
            below.plot(z, slope(z), color=BLUE)
            above.set_title(name, loc="left", fontsize="medium")
            above.set_ylim(-1.5, 3)
            for axes in (above, below):
                axes.grid(color=RULE, linewidth=0.8)
        panels[1, 0].set_ylabel("slope")
    return figure


if __name__ == "__main__":
    main()
