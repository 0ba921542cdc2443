"""Section of a run's page on the members of an ensemble, or on the snapshots of a training."""

from collections.abc import Sequence
from pathlib import PurePath

import numpy as np

from kerasrecipes.ensembles.disagreements import disagreement
from kerasrecipes.runs.ensemble_members import Members, ensemble_of, scores_of

SPLITS = ("validation", "test")


def members(run) -> dict | None:
    """Returns what the page says of the models that are averaged, or could be; `None` of others."""
    found = ensemble_of(run.folder)
    if found is not None:
        names = [PurePath(each["folder"]).name for each in found.members]
        return {
            "title": "Members",
            "about": "models whose probabilities are averaged",
            "weighted": True,
            **_described(names, found),
        }
    if not run.snapshots:
        return None
    rows = [{"weight": None, **scores_of(each.predictions)} for each in run.snapshots]
    splits = [split for split in SPLITS if split in rows[0]]
    apart = {
        split: disagreement(
            [each.predictions[f"{split}_probabilities"] for each in run.snapshots]
        ).tolist()
        for split in splits
    }
    return {
        "title": "Snapshots",
        "about": "models at the ends of the cycles of the learning rate",
        "weighted": False,
        **_described([f"step {each.step:,}" for each in run.snapshots], Members(rows, apart)),
    }


def _described(names: Sequence[str], found: Members) -> dict:
    splits = [split for split in SPLITS if split in found.members[0]]
    judged = next((s for s in reversed(splits) if s in found.disagreement), None)
    matrix = found.disagreement[judged] if judged else []
    pairs = np.array(matrix)[np.triu_indices(len(matrix), 1)] if len(matrix) > 1 else np.array([])
    errors = [1 - row[judged]["accuracy"] for row in found.members] if judged else []
    return {
        "splits": splits,
        "rows": [
            {"name": name, "apart": apart, **row}
            for name, row, apart in zip(
                names, found.members, matrix or [[]] * len(names), strict=True
            )
        ],
        "judged": judged if len(pairs) else None,
        "mean_disagreement": float(pairs.mean()) if len(pairs) else None,
        "mean_error": float(np.mean(errors)) if errors else None,
    }
