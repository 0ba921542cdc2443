"""Compares regularizers on a hundred handwritten digits, where they matter.

    python benchmarks/studies/compare_regularizers.py

Each gets the strength, of three, at which seed 0 scores best on validation; ties go to the lower
cross-entropy. At this strength it is trained with five other seeds, whose scores are the
result: a table of all runs in docs/results/, a figure in docs/images/. Stochastic depth needs
residual blocks and has a network, and a baseline, of its own. What it shows is in
docs/explanation/regularizers.md. A few seconds a run, 92 runs; finished ones are kept.
"""

from pathlib import Path

import matplotlib
import numpy as np
from matplotlib.figure import Figure
from matplotlib.ticker import PercentFormatter
from scipy.special import log_softmax

from kerasrecipes import Recipe, Run, use
from kerasrecipes.cli.tables import print_table
from kerasrecipes.page.svg import RULE, house_style
from kerasrecipes.runs.sweeping import Sweep, sweep

recipe = Recipe(
    data=use("Digits", examples_per_class=10, validation_fraction=0.2, test_fraction=0.4),
    model=use("MLP", units=[128, 128]),
    metrics=[
        "accuracy",
        # The loss of some has a penalty in it, or other targets; this is the same for all.
        use("SparseCategoricalCrossentropy", from_logits=True, name="crossentropy"),
    ],
    epochs=20,
    steps_per_epoch=25,
    batch_size=20,
    monitor=None,  # The last epoch's weights: to choose an epoch is a regularizer of its own.
)

RESNET = {"model": use("ResNetCIFAR", depth=14, filters=8)}


def augmentation(turn):
    """Returns turns of up to `turn` of a circle, and shifts by a pixel."""
    rotation = use("RandomRotation", factor=turn, fill_mode="constant")
    return {"augment": [rotation, use("RandomPadCrop", padding_pixels=1)]}


def early_stopping(patience):
    """Returns an end after `patience` epochs without a lower loss on validation."""
    options = {"monitor": "val_loss", "patience": patience, "restore_best_weights": True}
    return {"callbacks": [use("EarlyStopping", **options)]}


def label_smoothing(share):
    """Returns a loss whose targets give `share` to all classes alike."""
    return {"loss": use("CategoricalCrossentropy", from_logits=True, label_smoothing=share)}


# What changes the recipe, given a strength, and the strengths to choose from.
REGULARIZERS = {
    "none": (lambda strength: {}, (0,)),
    "L2": (lambda s: {"kernel_regularizer": use("half_l2", strength=s)}, (1e-3, 1e-2, 1e-1)),
    "L1": (lambda s: {"kernel_regularizer": use("L1", l1=s)}, (1e-4, 1e-3, 1e-2)),
    "elastic net": (
        lambda s: {"kernel_regularizer": use("elastic_net", strength=s)},
        (1e-4, 1e-3, 1e-2),
    ),
    "max-norm": (lambda s: {"kernel_constraint": use("MaxNorm", max_value=s)}, (0.5, 1, 2)),
    "dropout": (lambda s: {"model.dropout_rate": s}, (0.2, 0.5, 0.7)),
    "DropConnect": (lambda s: {"model.drop_connect_rate": s}, (0.2, 0.5, 0.7)),
    "label smoothing": (label_smoothing, (0.05, 0.1, 0.2)),
    "augmentation": (augmentation, (0.02, 0.04, 0.08)),
    "early stopping": (early_stopping, (1, 2, 4)),
    "ResNet: none": (lambda strength: RESNET, (0,)),
    "ResNet: stochastic depth": (
        lambda s: {**RESNET, "model.stochastic_depth_rate": s},
        (0.1, 0.2, 0.4),
    ),
}
SEEDS = (1, 2, 3, 4, 5)


def compare(recipe, regularizers, seeds, directory) -> tuple[Sweep, Sweep]:
    """Returns the runs that chose the strengths, and those that count, with training scores."""
    options = {"directory": directory, "name": "run", "verbose": 0, "on_start": print_recipe}
    grid = {
        f"{name}, {strength:g}": change(strength)
        for name, (change, strengths) in regularizers.items()
        for strength in strengths
    }
    tried = sweep(recipe, grid, [0], **options)
    scores = {
        row["label"]: (row["validation_accuracy"], -row["validation_crossentropy"])
        for row in tried.rows
    }
    best = {
        name: max(strengths, key=lambda strength: scores[f"{name}, {strength:g}"])
        for name, (_, strengths) in regularizers.items()
    }
    chosen = {name: grid[f"{name}, {strength:g}"] for name, strength in best.items()}
    # All regularizers for a seed, then the next seed: other work on the machine slows all alike.
    rounds = [sweep(recipe, chosen, [seed], **options) for seed in seeds]
    rows = [row for result in rounds for row in result.rows]
    train = recipe.data.build("data").load().train
    return tried, Sweep(
        tuple(
            {**row, "strength": best[row["label"]], **training_scores(row, train, directory)}
            for row in rows
        )
    )


def training_scores(row, train, directory) -> dict[str, float]:
    """Returns what a run's network, without dropout or augmentation, scores on what it learnt."""
    model = Run(Path(directory, f"run-{row['fingerprint']}")).load_model()
    logits = model.predict(train.read(np.arange(len(train))), verbose=0)
    right = log_softmax(logits.astype("float64"), axis=-1)[np.arange(len(train)), train.labels]
    return {
        "train_accuracy": float(np.mean(logits.argmax(-1) == train.labels)),
        "train_crossentropy": float(-np.mean(right)),
    }


def table(result: Sweep) -> list[dict[str, str]]:
    """Returns a row a regularizer: its strength, its scores, and how far apart they are."""
    strengths = {row["label"]: row["strength"] for row in result.rows}
    means = {
        name: {row["label"]: row["mean"] for row in result.summary(name)}
        for name in ("train_accuracy", "train_crossentropy", "test_crossentropy")
    }
    return [
        {
            "regularizer": label,
            "strength": f"{strengths[label]:g}" if strengths[label] else "",
            "test accuracy": f"{row['mean']:.1%}",
            "95% interval": f"{row['low']:.1%} to {row['high']:.1%}",
            "gap to training": f"{means['train_accuracy'][label] - row['mean']:.1%}",
            "test cross-entropy": f"{means['test_crossentropy'][label]:.3f}",
            "gap to training, nats": "{:.3f}".format(
                means["test_crossentropy"][label] - means["train_crossentropy"][label]
            ),
            "n": str(row["n"]),
        }
        for row in result.summary("test_accuracy")
        for label in [row["label"]]
    ]


def draw(result: Sweep) -> Figure:
    """Returns a figure: scores on training and test, a row a regularizer."""
    with house_style():
        figure = Figure(figsize=(9, 4.2), dpi=144, layout="constrained")
        panels = figure.subplots(1, 2, sharey=True)
        titles = {"accuracy": "accuracy", "crossentropy": "cross-entropy in nats"}
        for axes, (metric, title) in zip(panels, titles.items(), strict=True):
            test, train = result.summary(f"test_{metric}"), result.summary(f"train_{metric}")
            for place, (there, here) in enumerate(zip(test, train, strict=True)):
                axes.plot([here["mean"], there["mean"]], [place] * 2, color=RULE, linewidth=3)
                axes.plot([there["low"], there["high"]], [place] * 2, color="#b85000", linewidth=1)
            places = range(len(test))
            axes.plot([r["mean"] for r in train], places, "o", color="#0072b2", label="training")
            axes.plot([r["mean"] for r in test], places, "o", color="#b85000", label="test")
            axes.set_xlabel(title)
        panels[0].set_yticks(places, [row["label"] for row in test])
        panels[0].invert_yaxis()
        panels[0].xaxis.set_major_formatter(PercentFormatter(1, decimals=0))
        panels[1].legend(frameon=False)
    return figure


def print_recipe(recipe) -> None:
    """Says what is trained next."""
    print(recipe.model, *recipe.callbacks, f"seed {recipe.seed}", flush=True)


if __name__ == "__main__":
    root = Path(__file__).parents[2]
    runs = root / "saved_models" / "compare_regularizers"
    tried, result = compare(recipe, REGULARIZERS, SEEDS, runs)
    Sweep(tried.rows + result.rows).write(root / "docs" / "results" / "compare_regularizers.csv")
    # Text as outlines: whoever looks at the file may not have its font.
    with matplotlib.rc_context({"svg.fonttype": "path", "svg.hashsalt": "compare_regularizers"}):
        path = root / "docs" / "images" / "compare_regularizers.svg"
        draw(result).savefig(path, metadata={"Date": None})
    print_table(table(result))
