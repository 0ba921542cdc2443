"""What cleanlab lists of the probabilities that benchmarks/wrong_labels.py leaves.

    python benchmarks/harness/cleanlab_peer.py

It needs cleanlab and NumPy, and nothing of this package, so that it can run in an environment of
its own. It reads saved_models/wrong_labels, and writes docs/results/wrong_labels_cleanlab.csv.
"""

import csv
from pathlib import Path

import numpy as np

ROOT = Path(__file__).parents[2]
FILTERS = ("confident_learning", "prune_by_noise_rate", "prune_by_class", "both")


def main() -> None:
    """Writes a row for each seed and each of cleanlab's ways to list labels."""
    import cleanlab
    from cleanlab.filter import find_label_issues

    rows = []
    for path in sorted((ROOT / "saved_models" / "wrong_labels").glob("probabilities-*.npz")):
        kept = np.load(path)
        ours, wrong = set(kept["listed"].tolist()), kept["labels"] != kept["truth"]
        for filter_by in FILTERS:
            mask = find_label_issues(
                kept["labels"], kept["probabilities"], filter_by=filter_by, n_jobs=1
            )
            listed = set(np.flatnonzero(mask).tolist())
            rows.append(
                {
                    "seed": int(path.stem.rpartition("-")[2]),
                    "filter": filter_by,
                    "listed": len(listed),
                    "precision": (mask & wrong).sum() / max(1, len(listed)),
                    "recall": (mask & wrong).sum() / wrong.sum(),
                    "in_ours_too": len(listed & ours),
                    "only_in_ours": len(ours - listed),
                    "cleanlab": cleanlab.__version__,
                }
            )
    with open(ROOT / "docs" / "results" / "wrong_labels_cleanlab.csv", "w", newline="") as file:
        writer = csv.DictWriter(file, rows[0], lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows)


if __name__ == "__main__":
    main()
