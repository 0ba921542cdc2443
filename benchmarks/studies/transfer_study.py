"""Comparison of training from scratch, features and fine-tuning with few labels.

    python -m benchmarks.studies.transfer_study digits
    python -m benchmarks.studies.transfer_study cifar10 cifar10.npz mobilenet_notop.weights.h5

90 runs of 4 seconds to 7 minutes on 2 busy CPU cores, 68 minutes in all. With 10 labels of a class
of CIFAR-10, features reach 52.8% test accuracy and a network from scratch 25.9%, a difference of
+26.9 points (95% interval 22.3 to 31.5; 5 draws, n = 10,000 images); fine-tuning adds 2.1 points
(1.2 to 2.9).

`digits`: a small ResNet trained on scikit-learn's digits 0 to 4 is transferred to 5 to 9.
`cifar10`: MobileNet trained on ImageNet is transferred to CIFAR-10, resized to 96 pixels, and
tested on all of its 10,000 test images; the last four stages are fine-tuned, so that what lies
below runs once.

Each draw of labelled images is used by all three ways. From scratch the digits' network is the same
one with random weights, and CIFAR-10's a ResNet-8 for 32 pixels. What it shows is in
docs/guides/transfer-learning.md.
"""

import argparse
import os
from pathlib import Path

from matplotlib.figure import Figure
from matplotlib.ticker import PercentFormatter

from benchmarks.studies.study import BLUE, ORANGE, Study, new_figure, sweep_in_rounds
from kerasrecipes import Recipe, train, use
from kerasrecipes.cli.tables import print_table
from kerasrecipes.page.svg import INK, RULE
from kerasrecipes.runs import Sweep

STUDY = Study("transfer_study")


def cosine(peak: float) -> object:
    """Returns a warmup of an epoch and half a cosine."""
    return use("CosineDecay", initial_learning_rate=0.0, warmup_target=peak, warmup_epochs=1)


SOURCE = Recipe(
    data=use("Digits", classes=[0, 1, 2, 3, 4], image_size=16),
    augment=[use("RandomTranslation", height_factor=0.1, width_factor=0.1)],
    model=use(
        "ResNetCIFAR",
        depth=8,
        shortcut="projection",
        normalization=use("BatchNormalization", momentum=0.9),
    ),
    optimizer=use("Adam", learning_rate=cosine(0.01)),
    epochs=40,
    batch_size=64,
    monitor=None,
)
FEATURES = {
    "start": None,
    "model.trainable_stages": 0,
    "optimizer": use("Adam", learning_rate=cosine(0.01)),
}
FINE_TUNING = Recipe(
    data=use("Digits", classes=[5, 6, 7, 8, 9], image_size=16, examples_per_class=10),
    preprocessing=[],
    # Where a stroke is tells digits apart: an average over the image would lose it.
    model=use("Pretrained", trainable_stages="all", pooling="flatten"),
    optimizer=use(
        "StagewiseLearningRates",
        optimizer=use("Adam", learning_rate=cosine(0.001)),
        depth_factor=0.8,
    ),
    batch_size=32,
    monitor=None,
)
SCRATCH = {
    "digits": {
        "start": None,
        "model.weights": None,
        "model.trainable_stages": "all",
        "model.train_batch_normalization": True,
        "optimizer": use("Adam", learning_rate=cosine(0.003)),
    },
    # MobileNet with random weights stays at chance: its normalization averages over more steps than
    # so few images make. This is a network for images of this size.
    "cifar10": {
        "start": None,
        "preprocessing": [use("Rescaling", scale=1 / 127.5, offset=-1)],
        "model": use("ResNetCIFAR", depth=8, normalization=use("BatchNormalization", momentum=0.9)),
        "optimizer": use("Adam", learning_rate=cosine(0.003)),
    },
}
# Epochs from scratch, of the head on features, and of fine-tuning, by labels of a class: few images
# make short epochs.
EPOCHS = {10: (60, 60, 30), 50: (30, 30, 12), 250: (20, 20, 8)}
STRATEGIES = ("scratch", "features", "fine-tuning")
# Drawn beside each other, so that intervals can be told apart.
ASIDE = (0.95, 1.0, 1.05)
COLOURS = (INK, ORANGE, BLUE)
# Those before settled the recipes; the first two here helped to choose the rate of fine-tuning. On
# the digits, whose test images are few, ten more were drawn: `--draws 15 16 ... 24`.
DRAWS = (10, 11, 12, 13, 14)
# The panels of the figure: title, and what is behind `transfer_study_` in the name of the table.
PANELS = {"digits 0-4 to 5-9": "digits", "ImageNet to CIFAR-10": "cifar10"}


def main() -> None:
    """Trains what the arguments ask for and is not in the table; shows and draws all that is."""
    arguments = _arguments()
    if arguments.name == "digits":
        recipe = digits(STUDY.runs)
    else:
        recipe = cifar10(arguments.images, arguments.weights)
    table = STUDY.table(f"transfer_study_{arguments.name}")
    labels = arguments.labels or ([10] if arguments.name == "digits" else list(EPOCHS))
    for n in labels:
        wanted = {f"{strategy}, {n}" for strategy in arguments.strategies}
        variants = {k: v for k, v in changes(arguments.name, n).items() if k in wanted}
        for seed in arguments.draws:
            drawn, shown = recipe.replace({"data.split_seed": seed}), ("model", "data")
            sweep_in_rounds(drawn, variants, [seed], STUDY.runs, shown=shown, table=table)
    result = Sweep.read(table)
    print_table([row for n in labels for row in differences(result, n)])
    STUDY.save(draw(results()))


def results() -> dict[str, Sweep]:
    """Returns what each panel of the figure shows, where its table is there."""
    tables = {title: STUDY.table(f"transfer_study_{name}") for title, name in PANELS.items()}
    return {title: Sweep.read(table) for title, table in tables.items() if table.exists()}


def _arguments() -> argparse.Namespace:
    parser = STUDY.parser(__doc__)
    commands = parser.add_subparsers(dest="name", required=True)
    for name in ("digits", "cifar10"):
        command = commands.add_parser(name)
        command.add_argument("--draws", type=int, nargs="+", default=DRAWS)
        command.add_argument("--labels", type=int, nargs="+", choices=EPOCHS)
        command.add_argument("--strategies", nargs="+", choices=STRATEGIES, default=STRATEGIES)
        if name == "cifar10":
            command.add_argument("images", help="an .npz file, as keras.datasets writes it")
            command.add_argument("weights", help="MobileNet's, alpha 0.25, without its classifier")
    return parser.parse_args()


def digits(directory: Path) -> Recipe:
    """Returns fine-tuning on digits 5 to 9, of a network that is trained on 0 to 4."""
    run = train(SOURCE, directory=directory, name="source", verbose=0)
    return FINE_TUNING.replace({"model.backbone": os.path.relpath(run.folder)})


def cifar10(images: str, weights: str) -> Recipe:
    """Returns fine-tuning on CIFAR-10 in the file `images`, of MobileNet's `weights`."""
    return FINE_TUNING.replace(
        {
            # Every 200th of the training images says how training goes; nothing is chosen by them.
            "data": use("Npz", path=images, validation_fraction=0.005),
            "preprocessing": [use("Resizing", height=96, width=96)],
            "model.backbone": "MobileNet",
            "model.backbone_options": {"alpha": 0.25},
            "model.weights": weights,
            "model.pooling": "average",
            "model.trainable_stages": 4,
        }
    )


def changes(name: str, labels: int) -> dict[str, dict[str, object]]:
    """Returns the changes that make each strategy of fine-tuning, for so many labels a class."""
    data = {"data.examples_per_class": labels}
    scratch, features, fine_tuning = ({"epochs": epochs} for epochs in EPOCHS[labels])
    return {
        f"scratch, {labels}": SCRATCH[name] | data | scratch,
        f"features, {labels}": FEATURES | data | features,
        f"fine-tuning, {labels}": data | fine_tuning | {"start": FEATURES | features},
    }


def differences(result: Sweep, labels: int) -> list[dict[str, str]]:
    """Returns what each step from scratch to fine-tuning gains, paired by draw."""
    rows = []
    for before, after in (("scratch", "features"), ("features", "fine-tuning")):
        first, second = f"{before}, {labels}", f"{after}, {labels}"
        if first not in result.labels:
            continue
        if second not in result.labels:
            continue
        (row,) = result.differences(first, labels=[second])
        if row["low"] is not None:
            rows.append(
                {
                    "labels a class": str(labels),
                    "difference": f"{after} - {before}",
                    "points": f"{100 * row['mean']:+.2f}",
                    "95% interval": f"{100 * row['low']:+.2f} to {100 * row['high']:+.2f}",
                    "n": str(row["n"]),
                }
            )
    return rows


def draw(results: dict[str, Sweep]) -> Figure:
    """Returns a figure: accuracy over labels of a class, a panel for each data set."""
    with new_figure(9, 3.6, 1, len(results), squeeze=False) as (figure, panels):
        for axes, (name, result) in zip(panels[0], results.items(), strict=True):
            rows = {row["label"]: row for row in result.summary()}
            for strategy, colour, aside in zip(STRATEGIES, COLOURS, ASIDE, strict=True):
                found = {n: rows.get(f"{strategy}, {n}") for n in EPOCHS}
                points = {n: row for n, row in found.items() if row and row["low"] is not None}
                means = [row["mean"] for row in points.values()]
                errors = [row["mean"] - row["low"] for row in points.values()]
                places = [aside * n for n in points]
                axes.errorbar(
                    places, means, errors, color=colour, capsize=3, marker="o", label=strategy
                )
            seen = [n for n in EPOCHS if f"features, {n}" in rows]
            axes.set(title=name, xscale="log", xlabel="labels of a class")
            axes.set_xlim(0.6 * min(seen), max(seen) / 0.6)
            axes.set_xticks(seen, [str(n) for n in seen])
            axes.minorticks_off()
            axes.yaxis.set_major_formatter(PercentFormatter(1))
            axes.yaxis.grid(color=RULE, linewidth=0.8)
            axes.legend(frameon=False, loc="lower right")
            axes.set_ylabel("test accuracy")
    return figure


if __name__ == "__main__":
    main()
