"""Scores of a run under attacks and corruptions, of its own images."""

from collections.abc import Sequence

from kerasrecipes.robustness import (
    AdversarialScores,
    CorruptionScores,
    adversarial_scores,
    corruption_scores,
)
from kerasrecipes.robustness.batches import predicted_classes
from kerasrecipes.runs.prediction import BATCH_SIZE
from kerasrecipes.runs.robustness.judging import judged_images
from kerasrecipes.runs.robustness.robustness_files import write_adversarial, write_corruptions
from kerasrecipes.runs.robustness.substitute import train_substitute
from kerasrecipes.training.run import Run

# Of more images, so many are drawn.
IMAGES = 1000


def evaluate_adversarial(
    run: Run,
    epsilons: Sequence[float],
    *,
    norm: str | int = "inf",
    split: str | None = None,
    images: int = IMAGES,
) -> AdversarialScores:
    """Scores a finished run under attacks, and keeps the scores in its folder for its report.

    A small network is trained on what the model says of its training images; its adversarial
    examples are tried on the model, too. See `kerasrecipes.robustness.adversarial_scores`.

    Args:
        run: A finished run.
        epsilons: The largest changes, in units of a pixel's value: of 255, 8 and not 8 / 255.
        norm: `"inf"` or `2`; see `kerasrecipes.robustness.pgd`.
        split: `"test"` or `"validation"`. Defaults to test if there is one.
        images: Positive integer. If there are more, so many are drawn.

    Raises:
        ValueError: If an argument is out of range, or the run's data have changed.

    Example:

    ```python
    scores = evaluate_adversarial(run, [8, 16, 32])
    print(scores.accuracies, scores.warnings)
    ```
    """
    judged = judged_images(run, split, images)
    model = run.load_model(compile=False)
    substitute = train_substitute(model, judged.dataset.train)
    scores = adversarial_scores(
        model,
        judged.images,
        judged.labels,
        epsilons,
        norm=norm,
        substitute=substitute,
        value_range=judged.dataset.value_range,
        batch_size=BATCH_SIZE,
    )
    first, second = (predicted_classes(of, judged.images, BATCH_SIZE) for of in (model, substitute))
    agreement = float((first == second).mean())
    write_adversarial(run.folder, judged, scores, agreement)
    return scores


def evaluate_corrupted(
    run: Run, *, split: str | None = None, images: int = IMAGES
) -> CorruptionScores:
    """Scores a finished run on corrupted images, and keeps the scores for its report.

    See `kerasrecipes.robustness.corruption_scores`.

    Args:
        run: A finished run.
        split: `"test"` or `"validation"`. Defaults to test if there is one.
        images: Positive integer. If there are more, so many are drawn.

    Raises:
        ValueError: If an argument is out of range, or the run's data have changed.

    Example:

    ```python
    scores = evaluate_corrupted(run)
    print(scores.mean.mean, scores.accuracies["noise"])
    ```
    """
    judged = judged_images(run, split, images)
    model = run.load_model(compile=False)
    scores = corruption_scores(model, judged.images, judged.labels, batch_size=BATCH_SIZE)
    write_corruptions(run.folder, judged, scores)
    return scores
