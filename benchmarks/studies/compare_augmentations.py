"""Compares augmentations on CIFAR-10 with 100 images of each class.

    python benchmarks/studies/compare_augmentations.py path/to/cifar10.npz

One network, ResNet-8 on images shrunk to 16x16 pixels, trained on 1,000 of them with each
augmentation on its own and three seeds; test scores are on CIFAR-10's 10,000 test images. The
archive holds x_train, y_train, x_test and y_test, as `keras.datasets` gives them. The table of all
runs is written to docs/results/, a figure to docs/images/. Runs that are in the table are not run
again.
"""

import sys
from pathlib import Path

import matplotlib
from matplotlib.figure import Figure
from matplotlib.ticker import PercentFormatter

from kerasrecipes import Recipe, use
from kerasrecipes.cli.tables import print_table
from kerasrecipes.page.svg import RULE, TRAIN, house_style
from kerasrecipes.runs.sweeping import Sweep, sweep

recipe = Recipe(
    data=use("Npz", path="cifar10.npz", examples_per_class=100, validation_fraction=0.01),
    # Augmented at 32x32 pixels, seen at 16x16: a quarter of the time.
    preprocessing=[
        use("Rescaling", scale=1 / 127.5, offset=-1),
        use("Resizing", height=16, width=16),
    ],
    model=use("ResNetCIFAR", depth=8),
    optimizer=use(
        "SGD",
        momentum=0.9,
        nesterov=True,
        weight_decay=5e-4,
        learning_rate=use("OneCycle", peak_learning_rate=0.1),
    ),
    epochs=30,
    batch_size=50,
    monitor=None,  # Scores are the last epoch's: choosing an epoch would favour what is unsteady.
)

AUGMENTATIONS = {
    "none": [],
    "flip, pad and crop": [
        use("RandomPadCrop", padding_pixels=4),
        use("RandomGeometry", horizontal_flip=0.5),
    ],
    "geometry": [
        use(
            "RandomGeometry",
            horizontal_flip=0.5,
            scale=1.2,
            rotation_degrees=15,
            horizontal_translation_fraction=0.125,
            vertical_translation_fraction=0.125,
            fill_mode="reflect",
        )
    ],
    "photometry": [
        use("RandomPhotometry", brightness=0.3, contrast=0.3, saturation=0.3, hue_degrees=15)
    ],
    "FancyPCA": [use("FancyPCA")],
    "noise": [use("RandomNoise", gaussian=0.05)],
    "erasing": [use("RandomErasing", factor=(0.5, 0.5))],
    "MixUp": [use("MixedSamples", mixup_alpha=0.2, cutmix_alpha=None)],
    "CutMix": [use("MixedSamples", mixup_alpha=None, cutmix_alpha=1.0, probability=0.5)],
    "TrivialAugment": [use("PolicyAugment", policy="trivialaugment")],
    "RandAugment": [use("PolicyAugment", policy="randaugment", operations=2, magnitude=5)],
}
SEEDS = (0, 1, 2)

ROOT = Path(__file__).parents[2]
TABLE = ROOT / "docs" / "results" / "compare_augmentations.csv"
FIGURE = ROOT / "docs" / "images" / "compare_augmentations.svg"


def compare(recipe, augmentations, seeds, directory, table=None) -> Sweep:
    """Returns the runs of all augmentations, seed by seed."""
    changes = {name: {"augment": layers} for name, layers in augmentations.items()}
    rounds = [
        sweep(recipe, changes, [seed], directory=directory, table=table, verbose=0, on_start=_say)
        for seed in seeds
    ]
    return Sweep(tuple(row for result in rounds for row in result.rows))


def table(result: Sweep) -> list[dict[str, str]]:
    """Returns a row an augmentation: its score, and the difference that it makes."""
    differences = {row["label"]: row for row in result.differences("none")}
    rows = []
    for row in result.summary("test_accuracy"):
        difference = differences.get(row["label"])
        rows.append(
            {
                "augmentation": row["label"],
                "test accuracy": f"{row['mean']:.1%}",
                "difference": "{mean:+.1%}".format(**difference) if difference else "",
                "95% interval": _interval(difference) if difference else "",
                "n": str(row["n"]),
            }
        )
    return rows


def draw(result: Sweep) -> Figure:
    """Returns a figure: for each augmentation, what it adds to the accuracy, seed by seed."""
    rows = sorted(result.differences("none"), key=lambda row: row["mean"])
    scores = {(row["label"], row["seed"]): row["test_accuracy"] for row in result.rows}
    with house_style():
        figure = Figure(figsize=(7, 0.34 * len(rows) + 0.9), dpi=144, layout="constrained")
        axes = figure.subplots()
        for place, row in enumerate(rows):
            seeds = [seed for label, seed in scores if label == row["label"]]
            points = [scores[row["label"], seed] - scores["none", seed] for seed in seeds]
            axes.plot(points, [place] * len(points), "o", color=TRAIN, alpha=0.5, markersize=4)
            axes.plot([row["mean"]], [place], "|", color=TRAIN, markersize=14, markeredgewidth=2)
        axes.axvline(0, color=RULE, zorder=0)
        axes.set_yticks(range(len(rows)), [row["label"] for row in rows])
        axes.xaxis.set_major_formatter(PercentFormatter(1, decimals=0, symbol=""))
        axes.xaxis.grid(color=RULE, linewidth=0.8)
        axes.set_xlabel("points of test accuracy gained, by seed")
    return figure


def _interval(row) -> str:
    return "{low:+.1%} to {high:+.1%}".format(**row)


def _say(recipe) -> None:
    print(", ".join(map(str, recipe.augment)) or "none", f"seed {recipe.seed}", flush=True)


if __name__ == "__main__":
    chosen = recipe.replace({"data.path": sys.argv[1]}) if sys.argv[1:] else recipe
    runs = ROOT / "saved_models" / "compare_augmentations"
    result = compare(chosen, AUGMENTATIONS, SEEDS, runs, TABLE)
    # Text as outlines: whoever looks at the file may not have its font.
    with matplotlib.rc_context({"svg.fonttype": "path", "svg.hashsalt": "compare_augmentations"}):
        draw(result).savefig(FIGURE, metadata={"Date": None})
    print_table(table(result))
