"""Comparison of augmentations on CIFAR-10 with 100 training images of each class.

    python -m benchmarks.studies.compare_augmentations path/to/cifar10.npz

33 runs of 20 seconds to 6 minutes on 2 busy CPU cores, 46 minutes in all. Moving the picture gains
most: from 36.7% to 48.2% test accuracy, a difference of +11.6 points (95% interval +9.5 to +13.6;
3 seeds, n = 10,000 images).

One network, ResNet-8 on images shrunk to 16x16 pixels, is trained on 1,000 of them with each
augmentation on its own and three seeds; scores are on CIFAR-10's 10,000 test images. The archive
holds x_train, y_train, x_test and y_test, as `keras.datasets` gives them. Runs that are in the
table are not run again. What it shows is in docs/guides/augmentation.md.
"""

from matplotlib.figure import Figure
from matplotlib.ticker import PercentFormatter

from benchmarks.studies.study import ORANGE, Study, interval, new_figure, sweep_in_rounds
from kerasrecipes import Recipe, use
from kerasrecipes.cli.tables import print_table
from kerasrecipes.page.svg import RULE
from kerasrecipes.runs import Sweep

STUDY = Study("compare_augmentations")

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


def main() -> None:
    """Trains what is not in the table; writes table and figure."""
    parser = STUDY.parser(__doc__)
    parser.add_argument("images", nargs="?", default="cifar10.npz", help="default: cifar10.npz")
    chosen = recipe.replace({"data.path": parser.parse_args().images})
    result = compare(chosen, AUGMENTATIONS, SEEDS, STUDY.runs, STUDY.table())
    STUDY.save(draw(result))
    print_table(table(result))


def compare(recipe, augmentations, seeds, directory, table=None) -> Sweep:
    """Returns the runs of all augmentations, seed by seed."""
    changes = {name: {"augment": layers} for name, layers in augmentations.items()}
    return sweep_in_rounds(recipe, changes, seeds, directory, shown=["augment"], table=table)


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
                "difference": f"{difference['mean']:+.1%}" if difference else "",
                "95% interval": interval(difference, "+.1%") if difference else "",
                "p by Holm": f"{difference['holm_p_value']:.2g}" if difference else "",
                "n": str(row["n"]),
            }
        )
    return rows


def draw(result: Sweep) -> Figure:
    """Returns a figure: for each augmentation, what it adds to the accuracy, seed by seed."""
    rows = sorted(result.differences("none"), key=lambda row: row["mean"])
    scores = {(row["label"], row["seed"]): row["test_accuracy"] for row in result.rows}
    with new_figure(7, 0.34 * len(rows) + 0.9) as (figure, axes):
        for place, row in enumerate(rows):
            seeds = [seed for label, seed in scores if label == row["label"]]
            points = [scores[row["label"], seed] - scores["none", seed] for seed in seeds]
            axes.plot(points, [place] * len(points), "o", color=ORANGE, alpha=0.5, markersize=4)
            axes.plot([row["mean"]], [place], "|", color=ORANGE, markersize=14, markeredgewidth=2)
        axes.axvline(0, color=RULE, zorder=0)
        axes.set_yticks(range(len(rows)), [row["label"] for row in rows])
        axes.xaxis.set_major_formatter(PercentFormatter(1, decimals=0, symbol=""))
        axes.xaxis.grid(color=RULE, linewidth=0.8)
        axes.set_xlabel("points of test accuracy gained, by seed")
    return figure


if __name__ == "__main__":
    main()
