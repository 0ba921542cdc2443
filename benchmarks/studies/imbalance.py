"""Comparison of ways to train on classes of which some are rare.

    python -m benchmarks.studies.imbalance digits
    python -m benchmarks.studies.imbalance cifar10 cifar10.npz

Training images are long-tailed: the most frequent class has 10 or 100 times the images of the
rarest. Every way has the same steps, learning rate and network; test images are evenly many of each
class. Which classes are rare, and which images there are of them, is drawn anew with each seed, the
same for all ways. What it shows is in docs/benchmarks/imbalance.md.
"""

import argparse
from collections.abc import Iterator, Mapping
from pathlib import Path

import numpy as np
from scipy.special import softmax

from benchmarks.studies.study import Study, interval
from kerasrecipes import Recipe, Run, train, use
from kerasrecipes.cli.tables import print_table
from kerasrecipes.metrics.calibration import expected_calibration_error, log_loss
from kerasrecipes.runs import Sweep

STUDY = Study("imbalance")
SEEDS = (1, 2, 3, 4, 5)
FACTORS = (10, 100)
PLAIN, AFTERWARDS = "plain", "logit adjustment afterwards"
# The rarest classes are judged together: one of them alone has few test images.
RAREST = 3
# Of the epochs, before classes are drawn evenly.
LATE = 0.8


def digits() -> Recipe:
    """Returns two dense layers on up to 90 images of each digit, tested on 719."""
    return _recipe(
        data=use("Digits", validation_fraction=0.1, test_fraction=0.4),
        augment=[use("RandomPadCrop", padding_pixels=1)],
        model=use("MLP", units=[64, 64]),
        steps_per_epoch=20,
        epochs=30,
    )


def cifar10(path: str) -> Recipe:
    """Returns ResNet-8 on up to 4,900 images of each class of CIFAR-10, tested on 10,000.

    Images are augmented at 32x32 pixels and seen at 16x16, which takes a quarter of the time.
    """
    return _recipe(
        # Validation chooses nothing here, and takes time.
        data=use("Npz", path=path, validation_fraction=0.02),
        preprocessing=[
            use("Rescaling", scale=1 / 127.5, offset=-1),
            use("Resizing", height=16, width=16),
        ],
        augment=[use("RandomPadCrop", padding_pixels=4), use("RandomFlip", mode="horizontal")],
        model=use("ResNetCIFAR", depth=8, normalization=use("BatchNormalization", momentum=0.9)),
        steps_per_epoch=60,
        epochs=20,
        batch_size=64,
    )


def _recipe(data: object, **options) -> Recipe:
    source = use("benchmarks.studies.long_tailed:LongTailed", data=data, factor=10)
    rate = use("CosineDecay", initial_learning_rate=0.1)
    optimizer = use("SGD", learning_rate=rate, momentum=0.9, nesterov=True, weight_decay=5e-4)
    # The last epoch is kept: a choice on validation images would itself be for some of the classes.
    return Recipe(data=source, optimizer=optimizer, monitor=None, **options)


def ways(epochs: int) -> dict[str, dict[str, object]]:
    """Returns the changes that each way makes, by its name."""
    return {
        PLAIN: {},
        "weights": {"class_weight": "balanced"},
        "weights by effective number": {"class_weight": "effective_number"},
        "sampler": {"sampling": use("PowerSampling", exponent=0.0)},
        "sampler by square root": {"sampling": use("PowerSampling", exponent=0.5)},
        "sampler late": {
            "sampling": use("PowerSampling", exponent=0.0, start_epochs=round(LATE * epochs))
        },
        "logit adjustment": {"loss": "LogitAdjustedCrossentropy"},
        "focal": {"loss": use("CategoricalFocalCrossentropy", alpha=1.0, gamma=2.0)},
    }


def main() -> None:
    """Trains what is not in the tables yet, and prints them."""
    arguments = _arguments()
    recipe = digits() if arguments.name == "digits" else cifar10(arguments.images)
    for factor in arguments.factors:
        table = STUDY.table(f"imbalance_{arguments.name}_{factor}")
        result = measured(recipe, factor, arguments.seeds, table, STUDY.runs)
        print(f"\n{arguments.name}, factor {factor}")
        print_table(list(shown(result)))


def measured(
    recipe: Recipe, factor: int, seeds: tuple[int, ...], table: Path, directory: Path
) -> Sweep:
    """Returns the rows of a table, after training the ways that it lacks, seed by seed."""
    result = Sweep.read(table) if table.exists() else Sweep(())
    for seed in seeds:
        for way, changes in ways(recipe.epochs).items():
            there = {(row["label"], row["seed"]) for row in result.rows}
            if (way, seed) in there:
                continue
            print(f"factor {factor}", way, f"seed {seed}", flush=True)
            drawn = {"data.factor": factor, "data.draw": seed, "seed": seed}
            run = train(recipe.replace({**drawn, **changes}), directory=directory, verbose=0)
            for row in rows_of(way, run):
                result = result.add({**row, "seed": seed, "factor": factor})
            result.write(table)
    return result


def rows_of(way: str, run: Run) -> Iterator[dict]:
    """Yields the row of a run, and of a plain one a second, with its logits adjusted."""
    counts = np.array(run.data["class_counts"]["train"])
    described = {
        "fingerprint": run.recipe.fingerprint,
        "data_hash": run.data["hash"],
        "numerics_version": run.numerics_version,
        "training_images": int(counts.sum()),
        "rarest_class": int(counts.min()),
        "seconds": run.environment["wall_seconds"],
        **{name: run.environment[name] for name in ("backend", "device", "keras")},
    }
    labels = run.predictions["test_labels"]
    probabilities = run.predictions["test_probabilities"].astype("float64")
    yield {"label": way, **described, **scores(labels, probabilities, counts)}
    if way == PLAIN:
        logits = np.log(np.maximum(probabilities, 1e-30)) - np.log(counts / counts.sum())
        yield {
            "label": AFTERWARDS,
            **described,
            **scores(labels, softmax(logits, axis=-1), counts),
        }


def scores(labels: np.ndarray, probabilities: np.ndarray, counts: np.ndarray) -> dict[str, float]:
    """Returns scores on test.

    Args:
        labels: The true classes, `(samples,)`.
        probabilities: The predicted ones, `(samples, classes)`.
        counts: The number of training images of each class.
    """
    correct = probabilities.argmax(-1) == labels
    recalls = np.array([correct[labels == label].mean() for label in range(len(counts))])
    rarest = np.argsort(counts, kind="stable")[:RAREST]
    return {
        "test_n": len(labels),
        "test_balanced_accuracy": float(recalls.mean()),
        "test_worst_class_recall": float(recalls.min()),
        "test_recall_of_rarest": float(recalls[rarest].mean()),
        "test_calibration_error": expected_calibration_error(labels, probabilities, equal="mass"),
        "test_log_loss": log_loss(labels, probabilities),
    }


def shown(result: Sweep) -> Iterator[dict[str, str]]:
    """Yields a row for each way: means, and paired differences to the plain one."""
    names = ("balanced_accuracy", "worst_class_recall", "recall_of_rarest", "calibration_error")
    means: dict[str, Mapping] = {
        name: {row["label"]: row["mean"] for row in result.summary(f"test_{name}")}
        for name in (*names, "log_loss")
    }
    against = {row["label"]: row for row in result.differences(PLAIN, "test_balanced_accuracy")}
    plain_seconds = _mean(result, PLAIN, "seconds")
    for label in result.labels:
        row = against.get(label)
        yield {
            "way": label,
            **{name.replace("_", " "): f"{means[name][label]:.1%}" for name in names},
            "log loss": f"{means['log_loss'][label]:.3f}",
            "difference": f"{row['mean']:+.1%} ({interval(row, '+.1%')})" if row else "",
            "time": f"{_mean(result, label, 'seconds') / plain_seconds:.2f}",
            "n": str(sum(row["label"] == label for row in result.rows)),
        }


def _mean(result: Sweep, label: str, name: str) -> float:
    return float(np.mean([row[name] for row in result.rows if row["label"] == label]))


def _arguments() -> argparse.Namespace:
    parser = STUDY.parser(__doc__)
    data = parser.add_subparsers(dest="name", required=True)
    for name in ("digits", "cifar10"):
        added = data.add_parser(name)
        if name == "cifar10":
            added.add_argument("images", help="an .npz file with x_train, y_train, x_test, y_test")
        added.add_argument("--seeds", type=int, nargs="+", default=SEEDS)
        added.add_argument("--factors", type=int, nargs="+", default=FACTORS)
    return parser.parse_args()


if __name__ == "__main__":
    main()
