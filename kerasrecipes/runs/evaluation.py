"""How well the model of a run does on labelled images: its own, or others of the same classes."""

import os
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from kerasrecipes.base.checks import check_choice
from kerasrecipes.base.intervals import wilson_interval
from kerasrecipes.base.text import listed
from kerasrecipes.data.batches import evaluation_batches
from kerasrecipes.data.dataset import Dataset
from kerasrecipes.data.reading.folder_layout import FolderLayout
from kerasrecipes.runs.prediction import predict_files, viewing_model
from kerasrecipes.training.run import Run


@dataclass(frozen=True, eq=False)
class Evaluation:
    """Labels and predictions of images that a model was scored on.

    Args:
        images: One readable line on which images these are.
        class_names: The run's classes; labels and predictions are indices into them.
        labels: Integer array of shape `(samples,)`.
        predicted: Integer array of shape `(samples,)`.
        skipped: Tuple of pairs `(path, reason)`: the files that were passed over.

    Raises:
        ValueError: If there are no images.

    Example:

    >>> scored = Evaluation("four", ("a", "b"), np.array([0, 0, 1, 1]), np.array([0, 0, 1, 0]))
    >>> scored.accuracy, [round(bound, 3) for bound in scored.interval]
    (0.75, [0.301, 0.954])
    """

    images: str
    class_names: Sequence[str]
    labels: np.ndarray
    predicted: np.ndarray
    skipped: tuple[tuple[str, str], ...] = ()

    def __post_init__(self):
        if not len(self.labels):
            raise ValueError(f"There are no images to evaluate on. Received: {self.images}")

    @property
    def accuracy(self) -> float:
        """The share of the images that were given their label."""
        return float(np.mean(self.labels == self.predicted))

    @property
    def interval(self) -> tuple[float, float]:
        """Wilson's 95% interval of the accuracy."""
        return wilson_interval(int(np.sum(self.labels == self.predicted)), len(self.labels))


def evaluate_stored(run: Run, split: str | None = None) -> Evaluation:
    """Returns how a finished run did on its own images, from its stored predictions.

    Args:
        run: A finished run.
        split: `"test"` or `"validation"`. Defaults to test where there is one.

    Raises:
        ValueError: If the run has no such split.
    """
    stored = run.predictions
    split = _chosen(split, [name.removesuffix("_labels") for name in stored if "_labels" in name])
    return Evaluation(
        images=f"{split} images of {run.data['source']}",
        class_names=run.data["class_names"],
        labels=stored[f"{split}_labels"],
        predicted=stored[f"{split}_probabilities"].argmax(-1),
    )


def evaluate_folder(
    run: Run,
    directory: str | os.PathLike,
    split: str | None = None,
    views: str | None = None,
) -> Evaluation:
    """Returns how a finished run does on a directory of class folders, matched by name.

    Images are brought to the run's size as it did with its own. Broken ones are passed over.

    Args:
        run: A finished run.
        directory: It holds class folders, some or all of those that the run knows, or the folders
            `train`, `val` and `test` that hold them.
        split: Which of these folders. Defaults to test where there is one, else validation.
        views: `None`, or the views of each image over which probabilities are averaged, as in
            `with_test_time_augmentation`.

    Raises:
        ValueError: If the directory is not as described, or has classes that the run has not.
    """
    layout = FolderLayout.read(directory)
    if list(layout.files) == ["train"]:
        if split is not None:
            raise ValueError(
                "`split` must be None where a directory holds class folders alone. "
                f"Received: split={split!r}, directory={str(directory)!r}"
            )
        split, where = "train", ""
    else:
        split = _chosen(split, layout.files)
        where = f"{split} images of "
    classes = _matched(run.data["class_names"], layout.class_names)
    files = layout.files[split]
    paths = [layout.root / name for names in files for name in names]
    predictions = list(_top_classes(run, paths, views))
    labels = np.repeat(classes, [len(names) for names in files])
    readable = [index is not None for index, _ in predictions]
    return Evaluation(
        images=f"{where}{layout.root}",
        class_names=run.data["class_names"],
        labels=labels[readable],
        predicted=np.array([index for index, _ in predictions if index is not None], np.int64),
        skipped=tuple(
            (str(path), reason)
            for path, (_, reason) in zip(paths, predictions, strict=True)
            if reason is not None
        ),
    )


def evaluate_dataset(
    run: Run, dataset: Dataset, split: str | None = None, views: str | None = None
) -> Evaluation:
    """Returns how a finished run does on a data source, its classes matched by name.

    Args:
        run: A finished run.
        dataset: A loaded source, with images of the run's shape.
        split: `"train"`, `"validation"` or `"test"`. Defaults to test where there is one.
        views: As in `evaluate_folder`.

    Raises:
        ValueError: If the images have another shape, or the data has classes that the run has not.
    """
    split = _chosen(split, dataset.splits)
    shape = tuple(run.data["image_shape"])
    if tuple(dataset.image_shape) != shape:
        raise ValueError(
            f"The images must be of the run's shape {shape}, (height, width, channels): set the "
            f"source's size and channels. Received: {tuple(dataset.image_shape)}"
        )
    classes = _matched(run.data["class_names"], dataset.class_names)
    images = dataset.splits[split]
    model, batch_size = viewing_model(run, views)
    logits = model.predict(evaluation_batches(images, batch_size), verbose=0)
    return Evaluation(
        images=f"{split} images of {dataset.source}",
        class_names=run.data["class_names"],
        labels=classes[images.labels],
        predicted=logits.argmax(-1),
        skipped=dataset.skipped,
    )


def _top_classes(run: Run, paths: Sequence[Path], views: str | None):
    """Yields each file's most probable class and `None`, or `None` and why it has none."""
    for prediction in predict_files(run, paths, views):
        probabilities = prediction.probabilities
        yield None if probabilities is None else int(probabilities.argmax()), prediction.reason


def _chosen(split: str | None, there: Iterable[str]) -> str:
    """Returns the split that is meant: the fairest judge, unless another is asked for."""
    there = list(there)
    if split is None:
        return next(name for name in ("test", "validation", "train") if name in there)
    check_choice("split", split, there)
    return split


def _matched(known: Sequence[str], given: Sequence[str]) -> np.ndarray:
    """Returns the run's label of each given class."""
    unknown = [name for name in given if name not in known]
    if unknown:
        missing = [name for name in known if name not in given]
        rest = f", the run has {listed(map(repr, missing))} instead" if missing else ""
        raise ValueError(
            "The data must have no classes but the run's, matched by name. "
            f"Received: {listed(map(repr, unknown))}, which the run does not know{rest}."
        )
    return np.array([list(known).index(name) for name in given])
