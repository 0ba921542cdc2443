"""Monte Carlo dropout over a run: what its dropout masks agree about."""

from dataclasses import dataclass

import numpy as np

from kerasrecipes.base.checks import check_choice
from kerasrecipes.data.batches import evaluation_batches
from kerasrecipes.data.dataset import evaluation_split
from kerasrecipes.metrics.calibration.two_classes import two_class_curves
from kerasrecipes.models.surgery.monte_carlo_dropout import MonteCarloDropout, MonteCarloPrediction
from kerasrecipes.runs.prediction import BATCH_SIZE
from kerasrecipes.training.run import Run


@dataclass(frozen=True, eq=False)
class DropoutEvaluation:
    """Predictions of labelled images with many dropout masks.

    Args:
        split: The split's name.
        samples: The number of masks.
        labels: Integer array of shape `(images,)`.
        once: Probabilities without dropout, `(images, classes)`.
        prediction: The averaged predictions, and their uncertainty.
    """

    split: str
    samples: int
    labels: np.ndarray
    once: np.ndarray
    prediction: MonteCarloPrediction

    @property
    def correct(self) -> np.ndarray:
        """Whether the mean over masks classifies each image correctly."""
        return self.prediction.mean.argmax(-1) == self.labels

    @property
    def mistakes_told(self) -> tuple[float, tuple[float, float]] | None:
        """How often a mistake is more uncertain than a right answer, and DeLong's interval.

        Uncertain is what the masks disagree about: `prediction.mutual_information`. It is 0.5 if
        this says nothing, and `None` without mistakes or without right answers.
        """
        wrong = ~self.correct
        if wrong.all() or not wrong.any():
            return None
        curves = two_class_curves(wrong.astype(int), self.prediction.mutual_information)
        return curves.roc_auc, curves.roc_auc_interval

    def surest(self, share: float = 0.5) -> np.ndarray:
        """Returns the places of the share of images that the masks agree about most."""
        order = np.argsort(self.prediction.mutual_information, kind="stable")
        return order[: round(share * len(order))]


def evaluate_dropout(
    run: Run, split: str | None = None, samples: int = 50, seed: int = 0
) -> DropoutEvaluation:
    """Predicts a run's own images with many dropout masks.

    Args:
        run: A finished run whose model has a dropout layer, and whose data are at hand.
        split: `"test"` or `"validation"`. Defaults to test if there is one.
        samples: As in `kerasrecipes.models.MonteCarloDropout`.
        seed: Likewise.

    Raises:
        ValueError: If there is no such split, no dropout layer, or the data have changed.

    Example:

    ```python
    found = evaluate_dropout(kerasrecipes.load("saved_models/monte_carlo_dropout-0123456789ab"))
    found.prediction.mutual_information, found.correct.mean()
    ```
    """
    available = run.predicted_splits
    split = evaluation_split(available) if split is None else split
    check_choice("split", split, available)
    network = MonteCarloDropout(run.load_model(compile=False), samples, seed)
    dataset = run.load_dataset()
    images = dataset.splits[split]
    return DropoutEvaluation(
        split=split,
        samples=samples,
        labels=images.labels,
        once=run.predictions[f"{split}_probabilities"],
        prediction=network.predict(evaluation_batches(images, BATCH_SIZE)),
    )
