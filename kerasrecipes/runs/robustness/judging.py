"""Images of a run that it is judged by under attacks and corruptions."""

from dataclasses import dataclass

import numpy as np

from kerasrecipes.base.checks import check_choice, check_integer
from kerasrecipes.data.dataset import Dataset, evaluation_split
from kerasrecipes.training.run import Run


@dataclass(frozen=True, eq=False)
class JudgedImages:
    """Images of a split, all of them or so many drawn ones.

    Args:
        dataset: The run's data.
        split: The name of the split.
        images: Array `(images, height, width, channels)`.
        labels: Integer array `(images,)`.
    """

    dataset: Dataset
    split: str
    images: np.ndarray
    labels: np.ndarray


def judged_images(run: Run, split: str | None, most: int) -> JudgedImages:
    """Returns the images that a run is judged by: at most so many, drawn with the seed 0.

    Args:
        run: A finished run.
        split: `"test"` or `"validation"`. Defaults to test if there is one.
        most: Positive integer.

    Raises:
        ValueError: If the run has no such split, or its data have changed since it was trained.
    """
    check_integer("images", most, at_least=1)
    available = run.predicted_splits
    if split is None:
        split = evaluation_split(available)
    check_choice("split", split, available)
    dataset = run.load_dataset()
    chosen = dataset.splits[split]
    places = np.arange(len(chosen))
    if len(places) > most:
        places = np.sort(np.random.default_rng(0).choice(len(places), most, replace=False))
    return JudgedImages(dataset, split, chosen.read(places), chosen.labels[places])
