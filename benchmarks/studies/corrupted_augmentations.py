"""Comparison of augmentations by how well the networks do on corrupted images.

    python -m benchmarks.studies.corrupted_augmentations path/to/cifar10.npz

The networks are those of `compare_augmentations`. Each is scored on 2,000 of the test images, drawn
once for all, as they are and under each of the package's corruptions at its five strengths.
Trainings that are in the table are not repeated. What it shows is in docs/guides/augmentation.md.
"""

import argparse
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from benchmarks.studies.compare_augmentations import AUGMENTATIONS, SEEDS, recipe
from benchmarks.studies.study import Study, interval
from kerasrecipes import Recipe, Run, train
from kerasrecipes.cli.tables import print_table
from kerasrecipes.robustness.corruptions import CORRUPTIONS
from kerasrecipes.runs import Sweep, evaluate_corrupted

STUDY = Study("corrupted_augmentations")
IMAGES = 2000
PLAIN, MEAN = "none", "test_corrupted"


def main() -> None:
    """Trains and scores what is not in the table, and prints it."""
    arguments = _arguments()
    chosen = recipe.replace({"data.path": arguments.images})
    result = compare(chosen, AUGMENTATIONS, arguments.seeds, STUDY.runs, STUDY.table())
    print_table(list(shown(result)))


def compare(
    recipe: Recipe,
    augmentations: Mapping[str, list],
    seeds: Sequence[int],
    directory: Path,
    table: Path,
    images: int = IMAGES,
) -> Sweep:
    """Returns the rows of the table, which grows by one training at a time, seed by seed."""
    result = Sweep.read(table) if table.exists() else Sweep(())
    done = {(row["label"], row["seed"]) for row in result.rows}
    for seed in seeds:
        for label, layers in augmentations.items():
            if (label, seed) in done:
                continue
            print(label, f"seed {seed}", flush=True)
            variant = recipe.replace({"augment": layers, "seed": seed})
            run = train(variant, directory=directory, name="run", verbose=0, doctor=False)
            result = result.add({"label": label, "seed": seed, **scores(run, images)})
            result.write(table)
    return result


def scores(run: Run, images: int) -> dict[str, object]:
    """Returns the accuracies of a run: on images as they are, corrupted, and by corruption."""
    found = evaluate_corrupted(run, split="test", images=images)
    return {
        "fingerprint": run.recipe.fingerprint,
        "data_hash": run.data["hash"],
        "numerics_version": run.numerics_version,
        **{name: run.environment[name] for name in ("backend", "device", "keras")},
        "test_n": len(found.whole),
        "test_accuracy": found.accuracy,
        MEAN: found.mean.mean,
        **{f"test_{name}": float(found.correct[name].mean()) for name in CORRUPTIONS},
    }


def shown(result: Sweep) -> Iterator[dict[str, str]]:
    """Yields a row for each augmentation: mean accuracies, and paired differences to none."""
    differences = {row["label"]: row for row in result.differences(PLAIN, MEAN)}
    metrics = {"as they are": "test_accuracy", "corrupted": MEAN}
    metrics |= {name: f"test_{name}" for name in CORRUPTIONS}
    means = {
        name: {row["label"]: row["mean"] for row in result.summary(metric)}
        for name, metric in metrics.items()
    }
    for row in sorted(result.summary(MEAN), key=lambda row: -row["mean"]):
        label = row["label"]
        against = differences.get(label)
        yield {
            "augmentation": label,
            **{name: f"{of[label]:.1%}" for name, of in means.items()},
            "difference": f"{against['mean']:+.1%}" if against else "",
            "95% interval": interval(against, "+.1%") if against else "",
            "p by Holm": f"{against['holm_p_value']:.2g}" if against else "",
            "n": str(row["n"]),
        }


def _arguments() -> argparse.Namespace:
    parser = STUDY.parser(__doc__)
    parser.add_argument("images", nargs="?", default="cifar10.npz", help="default: cifar10.npz")
    parser.add_argument("--seeds", type=int, nargs="+", default=SEEDS)
    return parser.parse_args()


if __name__ == "__main__":
    main()
