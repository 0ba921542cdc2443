"""Scores of a run under attacks and corruptions, as files of its folder."""

from pathlib import Path
from typing import Any

import numpy as np

from kerasrecipes.base.files import write_json
from kerasrecipes.robustness import AdversarialScores, CorruptionScores
from kerasrecipes.robustness.corruptions import STRENGTHS
from kerasrecipes.runs.robustness.judging import JudgedImages
from kerasrecipes.training.files.writing import write_arrays


def write_adversarial(
    folder: Path, judged: JudgedImages, scores: AdversarialScores, agreement: float
) -> None:
    """Writes adversarial.json, and the pictures that it kept as adversarial.npz."""
    rows = [
        {
            "epsilon": epsilon,
            "robust": robust,
            "interval": list(interval),
            "attacks": {name: float(of[place].mean()) for name, of in scores.correct.items()},
        }
        for place, (epsilon, robust, interval) in enumerate(
            zip(scores.epsilons, scores.accuracies, scores.intervals, strict=True)
        )
    ]
    described: dict[str, Any] = {
        **_described(judged, scores.whole),
        "norm": scores.norm,
        "rows": rows,
        "unbounded": float(scores.unbounded.mean()),
        "substitute_agreement": agreement,
        "warnings": scores.warnings,
    }
    places = [each.place for each in scores.examples]
    pictures = [each.adversarial for each in scores.examples]
    write_arrays(
        folder / "adversarial.npz",
        {
            "originals": judged.images[places],
            "adversarial": np.array(pictures, "float32").reshape(-1, *judged.images.shape[1:]),
            "true": scores.labels[places],
            "predicted": np.array([each.predicted for each in scores.examples], "int64"),
            "epsilon": np.array([each.epsilon for each in scores.examples], "float64"),
        },
    )
    write_json(folder / "adversarial.json", described)


def write_corruptions(folder: Path, judged: JudgedImages, scores: CorruptionScores) -> None:
    """Writes corruptions.json."""
    mean = scores.mean
    described = {
        **_described(judged, scores.whole),
        "strengths": list(STRENGTHS),
        "accuracies": scores.accuracies,
        "mean": mean.mean,
        # That of Student may reach beyond what is possible.
        "interval": [
            None if bound is None else min(1.0, max(0.0, bound)) for bound in (mean.low, mean.high)
        ],
    }
    write_json(folder / "corruptions.json", described)


def _described(judged: JudgedImages, whole: np.ndarray) -> dict[str, Any]:
    return {"split": judged.split, "n": len(whole), "accuracy": float(whole.mean())}
