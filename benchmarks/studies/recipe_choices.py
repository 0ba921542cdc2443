"""Choice of the options of two recipes on images that their scores leave out.

    python -m benchmarks.studies.recipe_choices

The test images of the digits' default split, 359 of 1,797, are drawn by their place in the data and
by nothing else. They choose nothing: every candidate is judged by validation images out of the
other 1,438. The recipes are scored on the 359 afterwards.

- `train_from_scratch.py`: its peak learning rate, by fold 0 of a cross-validation with four folds.
- `extract_features.py`: its penalty, with a learning rate that decays, against no penalty at the
  constant rate; by 898 validation images.

The highest mean accuracy of the folds is chosen; ties go to the lower mean loss.
"""

from collections.abc import Mapping

import numpy as np

from benchmarks.harness.inputs import recipe_of
from benchmarks.studies.study import Study, sweep_in_rounds
from kerasrecipes import use
from kerasrecipes.cli.tables import print_table
from kerasrecipes.runs import Sweep

STUDY = Study("recipe_choices")

Changes = Mapping[str, Mapping[str, object]]

PEAK = "optimizer.learning_rate.warmup_target"
PEAKS = {f"peak {peak:g}": {PEAK: peak} for peak in (0.05, 0.1, 0.2)}
FOLD = use("CrossValidation", data=use("Digits", image_size=16), folds=4, fold=0)

PENALTY, RATE = "model.kernel_regularizer", "optimizer.learning_rate"
DECAYING = {RATE: use("CosineDecay", initial_learning_rate=0.01)}
PENALTIES = {
    "constant rate, no penalty": {},
    "no penalty": DECAYING,
    **{
        f"L2 {factor:g}": {**DECAYING, PENALTY: use("half_l2", factor=factor)}
        for factor in (0.001, 0.01)
    },
}
HALF = {"data.validation_fraction": 0.5}

CHOICES = {
    "extract_features": (PENALTIES, [HALF]),
    "train_from_scratch": (PEAKS, [{"data": FOLD}]),
}


def main() -> None:
    """Trains what is not there yet, writes the tables and prints what was chosen."""
    parser = STUDY.parser(__doc__)
    parser.add_argument("scripts", nargs="*", default=CHOICES, help=" or ".join(CHOICES))
    for script in parser.parse_args().scripts:
        candidates, judged = CHOICES[script]
        print_table(summary(tried(script, candidates, judged), candidates))


def tried(script: str, candidates: Changes, judged: list[dict]) -> Sweep:
    """Trains every candidate on each fold of a recipe's data."""
    changes = {
        f"{label}; {number}": {**change, **data}
        for number, data in enumerate(judged)
        for label, change in candidates.items()
    }
    return sweep_in_rounds(
        recipe_of(script),
        changes,
        [0],
        STUDY.runs,
        shown=["model", "optimizer", "data"],
        table=STUDY.table(f"{STUDY.name}_{script}"),
    )


def summary(result: Sweep, candidates: Changes) -> list[dict[str, str]]:
    """Returns the mean validation scores of each candidate, the chosen one first."""
    rows = []
    for label in candidates:
        own = [row for row in result.rows if row["label"].split(";")[0] == label]
        rows.append(
            {
                "candidate": label,
                "accuracy": float(np.mean([row["validation_accuracy"] for row in own])),
                "loss": float(np.mean([row["validation_loss"] for row in own])),
                "n": f"{len(own)} x {own[0]['validation_n']:g}",
            }
        )
    rows.sort(key=lambda row: (-row["accuracy"], row["loss"]))
    return [
        {**row, "accuracy": f"{row['accuracy']:.2%}", "loss": f"{row['loss']:.3f}"} for row in rows
    ]


if __name__ == "__main__":
    main()
