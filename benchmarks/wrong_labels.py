"""Claim: `find_label_errors` lists the images that cleanlab's confident learning lists.

    python benchmarks/wrong_labels.py
    python benchmarks/harness/cleanlab_peer.py  # where cleanlab is installed, may be another Python

25 runs on digits. 5% of the training and validation labels are flipped to another class at random;
five folds judge them. Printed is how many of the flipped labels are listed, and how many of the
listed ones were flipped. The second command asks cleanlab of the same probabilities. Both keep
their rows in docs/results/.
"""

from pathlib import Path

import numpy as np
from harness.flipped_labels import DIGITS, recipe_of, true_labels

from kerasrecipes.cli.tables import print_table
from kerasrecipes.proposals import WrongLabels, find_wrong_labels
from kerasrecipes.runs import Sweep

ROOT = Path(__file__).parents[1]
TABLE = ROOT / "docs" / "results" / "wrong_labels.csv"
RUNS = ROOT / "saved_models" / "wrong_labels"
SEEDS = (1, 2, 3, 4, 5)
FRACTION, FOLDS = 0.05, 5


def main() -> None:
    """Judges the labels of the seeds that the table lacks, and prints it."""
    result = Sweep.read(TABLE) if TABLE.exists() else Sweep(())
    truth = true_labels(DIGITS.build("data").load())
    for seed in SEEDS:
        if seed in {row["seed"] for row in result.rows}:
            continue
        found = find_wrong_labels(
            recipe_of(FRACTION, seed),
            FOLDS,
            directory=RUNS,
            name=f"seed-{seed}",
            say=print,
            verbose=0,
        )
        keep(found, truth, RUNS / f"probabilities-{seed}.npz")
        result = result.add({"label": "list", "seed": seed, **scores(found, truth)})
        result.write(TABLE)
    print_table([{name: _written(value) for name, value in row.items()} for row in result.rows])


def keep(found: WrongLabels, truth: np.ndarray, path: Path) -> None:
    """Writes what cleanlab is asked about, and the true labels to judge its answer by."""
    np.savez(
        path,
        labels=found.dataset.train.labels,
        probabilities=found.probabilities,
        listed=found.errors.indices,
        truth=truth,
    )


def scores(found: WrongLabels, truth: np.ndarray) -> dict[str, float]:
    """Returns how many of the flipped labels are listed, and how many of the listed are flipped."""
    given = found.dataset.train.labels
    wrong, listed = given != truth, np.zeros(len(given), bool)
    listed[found.errors.indices] = True
    right_class = found.errors.suggested == truth[found.errors.indices]
    return {
        "images": len(given),
        "flipped": int(wrong.sum()),
        "listed": int(listed.sum()),
        **precision_and_recall(wrong, listed),
        "suggested_right": float(right_class[wrong[found.errors.indices]].mean()),
        "estimated_noise": found.errors.noise,
        "accuracy": float(np.mean(found.probabilities.argmax(-1) == truth)),
    }


def precision_and_recall(wrong: np.ndarray, listed: np.ndarray) -> dict[str, float]:
    """Returns both of a list, from masks of the wrong and of the listed labels."""
    hits = int((wrong & listed).sum())
    return {"precision": hits / max(1, int(listed.sum())), "recall": hits / int(wrong.sum())}


def _written(value: object) -> str:
    return f"{value:.3f}" if isinstance(value, float) else str(value)


if __name__ == "__main__":
    main()
