"""Shows how deep networks start, by activation and initialization, and which of them then train.

    python benchmarks/studies/initialization_study.py

First the experiment of the lectures: ten layers of 500 units, 1,000 random inputs, no training;
means, deviations and histograms of what each layer gives, and of the gradients that come back. Then
deep networks are trained from each start on scikit-learn's handwritten digits, without
normalization. Tables go to docs/results/, figures to docs/images/; what they show is in
docs/explanation/initialization.md. A quarter of an hour; finished runs are kept.
"""

from collections.abc import Callable
from pathlib import Path

import keras
import matplotlib
import numpy as np
from keras.initializers import Orthogonal, RandomNormal, VarianceScaling
from matplotlib.figure import Figure
from matplotlib.ticker import LogLocator, NullLocator

from kerasrecipes import Recipe, use
from kerasrecipes.base.csv_table import write_rows
from kerasrecipes.cli.tables import print_table
from kerasrecipes.initializers import RandomWalk
from kerasrecipes.page.svg import MUTED, RULE, VALIDATION, house_style
from kerasrecipes.runs.sweeping import Sweep, sweep

recipe = Recipe(
    data=use("Digits", validation_fraction=0.2),
    model=use("MLP", units=[100] * 10, activation="tanh"),
    optimizer=use("SGD", learning_rate=0.05, momentum=0.9),
    epochs=15,
    batch_size=64,
    monitor=None,  # Scores are the last epoch's: choosing an epoch would hide what is unsteady.
)
SEEDS = (1, 2, 3)

LAYERS, UNITS, SAMPLES = 10, 500, 1000
SMALL, LECUN, HE, PRINTED = "0.01 randn", "randn / √n", "randn · √(2/n)", "randn / √(2/n)"

# A function of the number of inputs and a seed each.
INITIALIZERS: dict[str, Callable] = {
    SMALL: lambda n, seed: RandomNormal(0, 0.01, seed),
    "randn": lambda n, seed: RandomNormal(0, 1, seed),
    LECUN: lambda n, seed: VarianceScaling(1.0, "fan_in", "untruncated_normal", seed),
    HE: lambda n, seed: VarianceScaling(2.0, "fan_in", "untruncated_normal", seed),
    PRINTED: lambda n, seed: RandomNormal(0, (n / 2) ** 0.5, seed),
    "orthogonal": lambda n, seed: Orthogonal(1.0, seed),
    "random walk": lambda n, seed: RandomWalk("relu", seed),
}
COLOURS = dict(
    zip(
        INITIALIZERS,
        ("#1a1d21", "#c99700", "#007a5a", "#0072b2", "#a0418f", "#b85000", MUTED),
        strict=True,
    )
)


def _sigmoid(z):
    return 1 / (1 + np.exp(-z))


# What Keras's activation functions have for a slope.
SLOPES: dict[str, Callable] = {
    "sigmoid": lambda z: _sigmoid(z) * (1 - _sigmoid(z)),
    "tanh": lambda z: 1 - np.tanh(z) ** 2,
    "relu": lambda z: np.where(z > 0, 1.0, 0.0),
    "leaky_relu": lambda z: np.where(z > 0, 1.0, 0.2),
    "elu": lambda z: np.where(z > 0, 1.0, np.exp(np.minimum(z, 0))),
    "silu": lambda z: _sigmoid(z) * (1 + z * (1 - _sigmoid(z))),
}


def activate(name: str, z: np.ndarray) -> np.ndarray:
    """Returns a Keras activation function's values."""
    values = getattr(keras.activations, name)(np.float32(z))
    return keras.ops.convert_to_numpy(values).astype("float64")


def experiment(activation: str, initializer: str, seed: int = 0) -> list[dict[str, np.ndarray]]:
    """Passes random inputs through ten layers, and random gradients back.

    Inputs, and the gradients of the loss by the last layer's outputs, are standard normal.

    Returns:
        For each layer its `outputs`, `(samples, units)`; the `slopes` there; and `gradients` of the
        loss by its outputs.
    """
    rng = np.random.default_rng(seed)
    h, layers, kernels = rng.normal(size=(SAMPLES, UNITS)), [], []
    for number in range(LAYERS):
        draw = INITIALIZERS[initializer](UNITS, 1000 * seed + number)
        kernels.append(keras.ops.convert_to_numpy(draw((UNITS, UNITS))))
        z = h @ kernels[-1]
        h = activate(activation, z)
        layers.append({"outputs": h, "slopes": SLOPES[activation](z)})
    gradient = rng.normal(size=(SAMPLES, UNITS))
    for layer, kernel in zip(reversed(layers), reversed(kernels), strict=True):
        layer["gradients"] = gradient
        gradient = gradient * layer["slopes"] @ kernel.T
    return layers


def statistics(activation: str, initializer: str, seed: int = 0) -> list[dict[str, object]]:
    """Returns a row for each layer of the experiment.

    A unit is saturated for an input if its slope is less than 1% of the steepest, and dead if it is
    so for every input.
    """
    steepest = SLOPES[activation](np.linspace(-10, 10, 2001)).max()
    rows = []
    for number, layer in enumerate(experiment(activation, initializer, seed), start=1):
        flat = np.abs(layer["slopes"]) < 0.01 * steepest
        numbers = {
            "mean": layer["outputs"].mean(),
            "deviation": layer["outputs"].std(),
            "gradient": layer["gradients"].std(),
            "saturated": flat.mean(),
            "dead": flat.all(axis=0).mean(),
        }
        labels = {"activation": activation, "initialization": initializer, "layer": number}
        rows.append(labels | {name: float(f"{value:.4g}") for name, value in numbers.items()})
    return rows


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
    with house_style():
        figure = Figure(figsize=(9, 6.4), dpi=144, layout="constrained")
        panels = figure.subplots(2, 2, sharex=True)
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
    with house_style():
        figure = Figure(figsize=(9, 6.4), dpi=144, layout="constrained")
        panels = figure.subplots(len(shown), LAYERS, sharey="row")
        for row, (activation, name) in zip(panels, shown, strict=True):
            bounds = {"tanh": (-1, 1), "relu": (0, 3)}[activation]
            options = {"bins": 30, "range": bounds if quantity == "outputs" else (-3, 3)}
            for axes, layer in zip(row, experiment(activation, name), strict=True):
                values = layer[quantity].ravel()
                axes.hist(values, histtype="stepfilled", color=VALIDATION, **options)
                axes.set(xticks=[], yscale="log")
                axes.tick_params(which="both", labelleft=False, left=False)
            row[0].set_ylabel(f"{activation}\n{name}", fontsize="small")
        for number, axes in enumerate(panels[0], start=1):
            axes.set_title(f"layer {number}", fontsize="small")
    return figure


def draw_activations() -> Figure:
    """Returns a figure: activation functions and their slopes."""
    z = np.linspace(-5, 5, 1001)
    with house_style():
        figure = Figure(figsize=(9, 3), dpi=144, layout="constrained")
        panels = figure.subplots(2, len(SLOPES), sharex=True, sharey="row", height_ratios=(3, 2))
        for (above, below), (name, slope) in zip(panels.T, SLOPES.items(), strict=True):
            above.plot(z, activate(name, z), color=VALIDATION)
            below.plot(z, slope(z), color=VALIDATION)
            above.set_title(name, loc="left", fontsize="medium")
            above.set_ylim(-1.5, 3)
            for axes in (above, below):
                axes.grid(color=RULE, linewidth=0.8)
        panels[1, 0].set_ylabel("slope")
    return figure


def print_start(recipe) -> None:
    """Says what is trained next."""
    print(recipe.model, recipe.initialization, f"seed {recipe.seed}", flush=True)


if __name__ == "__main__":
    root = Path(__file__).parents[2]
    rows = [row for f in ("tanh", "relu") for name in INITIALIZERS for row in statistics(f, name)]
    write_rows(root / "docs" / "results" / "initialization_statistics.csv", rows)
    figures = {
        "initialization_statistics": draw_statistics(rows),
        "initialization_outputs": draw_histograms("outputs"),
        "initialization_gradients": draw_histograms("gradients"),
        "activations": draw_activations(),
    }
    # Text as outlines: whoever looks at the file may not have its font.
    with matplotlib.rc_context({"svg.fonttype": "path", "svg.hashsalt": "initialization_study"}):
        for name, figure in figures.items():
            figure.savefig(root / "docs" / "images" / f"{name}.svg", metadata={"Date": None})
    result = sweep(
        recipe,
        training_changes(),
        SEEDS,
        directory=root / "saved_models" / "initialization_study",
        table=root / "docs" / "results" / "initialization_study.csv",
        verbose=0,
        on_start=print_start,
    )
    print_table(table(result))
