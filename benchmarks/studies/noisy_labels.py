"""Comparison of what is said to help where some labels are wrong.

    python -m benchmarks.studies.noisy_labels

5% or 20% of the training and validation labels of digits are flipped to another class at random;
test labels are right. Compared in equally many steps are losses that are said to bear it, training
without the images that `find_wrong_labels` lists, and, as what could be gained at most, training on
the true labels. What it shows is in docs/benchmarks/wrong-labels.md.
"""

from collections.abc import Iterator
from pathlib import Path

import numpy as np

from benchmarks.harness.flipped_labels import recipe_of
from benchmarks.studies.study import Study, interval
from kerasrecipes import Recipe, train, use
from kerasrecipes.cli.tables import print_table
from kerasrecipes.metrics.calibration import log_loss
from kerasrecipes.proposals import find_wrong_labels
from kerasrecipes.runs import Sweep

STUDY = Study("noisy_labels")
SEEDS = (1, 2, 3, 4, 5, 6, 7, 8, 9, 10)
FRACTIONS = (0.05, 0.2)
FOLDS = 5
PLAIN, WITHOUT, TRUE = "cross-entropy", "without the listed images", "true labels"
LOSSES = {
    "label smoothing": use("CategoricalCrossentropy", label_smoothing=0.1),
    "symmetric": use("benchmarks.studies.noise_bearing:SymmetricCrossentropy"),
    "bootstrapped, soft": use("benchmarks.studies.noise_bearing:BootstrappedCrossentropy"),
    "bootstrapped, hard": use(
        "benchmarks.studies.noise_bearing:BootstrappedCrossentropy", kept=0.8, hard=True
    ),
}


def ways(fraction: float, seed: int, directory: Path) -> Iterator[tuple[str, Recipe]]:
    """Yields each way's name and recipe; what the list costs is trained when it is asked for."""
    # The last epoch is kept: validation labels are wrong, too.
    recipe = recipe_of(fraction, seed).replace({"monitor": None})
    yield PLAIN, recipe
    for name, loss in LOSSES.items():
        yield name, recipe.replace({"loss": loss})
    yield TRUE, recipe.replace({"data.fraction": 0.0})
    found = find_wrong_labels(recipe, FOLDS, directory=directory, name="fold", verbose=0)
    listed = [int(place) for place in found.errors.indices]
    without = use("benchmarks.studies.noise_bearing:Without", data=recipe.data, places=listed)
    yield WITHOUT, recipe.replace({"data": without})


def measured(fraction: float, seeds: tuple[int, ...], table: Path, directory: Path) -> Sweep:
    """Returns the rows of a table, after training the seeds that it lacks."""
    result = Sweep.read(table) if table.exists() else Sweep(())
    for seed in seeds:
        if (WITHOUT, seed) in {(row["label"], row["seed"]) for row in result.rows}:
            continue
        rows = []
        for label, recipe in ways(fraction, seed, directory):
            run = train(recipe, directory=directory, verbose=0, doctor=False)
            labels, given = (run.predictions[f"test_{of}"] for of in ("labels", "probabilities"))
            row = {"label": label, "seed": seed, "fraction": fraction, "test_n": len(labels)}
            row |= {"fingerprint": recipe.fingerprint, "numerics_version": run.numerics_version}
            row["training_images"] = run.data["sizes"]["train"]
            row["test_accuracy"] = float(np.mean(given.argmax(-1) == labels))
            row["test_log_loss"] = log_loss(labels, given.astype("float64"))
            rows.append(row)
        for row in rows:
            result = result.add(row)
        result.write(table)
        print(f"{fraction:.0%} flipped, seed {seed}", flush=True)
    return result


def shown(result: Sweep) -> Iterator[dict[str, str]]:
    """Yields a row for each way: means, and paired differences to cross-entropy."""
    names = ("accuracy", "log_loss")
    means = {name: {row["label"]: row for row in result.summary(f"test_{name}")} for name in names}
    against = {
        name: {row["label"]: row for row in result.differences(PLAIN, f"test_{name}")}
        for name in names
    }
    for label in result.labels:
        accuracy, loss = (against[name].get(label) for name in names)
        yield {
            "way": label,
            "test accuracy": f"{means['accuracy'][label]['mean']:.2%}",
            "difference": f"{accuracy['mean']:+.2%} ({interval(accuracy, '+.2%')})"
            if accuracy
            else "",
            "log loss": f"{means['log_loss'][label]['mean']:.3f}",
            "of log loss": f"{loss['mean']:+.3f} ({interval(loss, '+.3f')})" if loss else "",
            "n": str(means["accuracy"][label]["n"]),
        }


def main() -> None:
    """Trains what is not in the tables yet, and prints them."""
    parser = STUDY.parser(__doc__)
    parser.add_argument("--seeds", type=int, nargs="+", default=SEEDS)
    seeds = tuple(parser.parse_args().seeds)
    for fraction in FRACTIONS:
        table = STUDY.table(f"noisy_labels_{round(100 * fraction)}")
        result = measured(fraction, seeds, table, STUDY.runs)
        print(f"\n{fraction:.0%} of the labels flipped")
        print_table(list(shown(result)))


if __name__ == "__main__":
    main()
