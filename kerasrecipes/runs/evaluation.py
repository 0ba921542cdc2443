"""Scores of a run's model on labelled images: its own, or others of the same classes."""

import os
from collections.abc import Collection, Sequence
from dataclasses import dataclass

import numpy as np
from scipy.special import softmax

from kerasrecipes.base.checks import check_choice
from kerasrecipes.base.intervals import wilson_interval
from kerasrecipes.base.text import listed, printable
from kerasrecipes.data.dataset import Dataset, evaluation_split
from kerasrecipes.data.predicting import predict_split
from kerasrecipes.data.reading.folder_layout import FolderLayout
from kerasrecipes.runs.prediction import load_with_augmentation, predict_files, split_of_files
from kerasrecipes.runs.seen_images import SeenImages, count_seen_images
from kerasrecipes.training.run import Run


@dataclass(frozen=True, eq=False)
class Evaluation:
    """Labels and predictions of the images that a model was scored on.

    Args:
        images: One readable line that says which images these are.
        class_names: The run's classes; labels and predictions are indices into them.
        labels: Integer array of shape `(samples,)`.
        predicted: Integer array of shape `(samples,)`.
        probabilities: Array of shape `(samples, classes)`, or `None` if they are not known.
        skipped: Tuple of pairs `(path, reason)`: the files that were skipped.
        seen: How many of the images the run was trained on; `None` if it is not known.

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
    seen: SeenImages | None = None
    probabilities: np.ndarray | None = None

    def __post_init__(self):
        if not len(self.labels):
            raise ValueError(f"There must be images to evaluate on. Received: {self.images}")

    @property
    def accuracy(self) -> float:
        """The fraction of the images that are classified correctly."""
        return float(np.mean(self.labels == self.predicted))

    @property
    def interval(self) -> tuple[float, float]:
        """Wilson's 95% interval of the accuracy."""
        return wilson_interval(int(np.sum(self.labels == self.predicted)), len(self.labels))


def evaluate_stored(run: Run, split: str | None = None) -> Evaluation:
    """Scores a finished run on its own images, from its stored predictions.

    Args:
        run: A finished run.
        split: `"test"` or `"validation"`. Defaults to test if there is one.

    Raises:
        ValueError: If the run has no such split.
    """
    stored, split = run.predictions, _chosen(split, run.predicted_splits)
    return Evaluation(
        images=f"{split} images of {run.data['source']}",
        class_names=run.data["class_names"],
        labels=stored[f"{split}_labels"],
        predicted=stored[f"{split}_probabilities"].argmax(-1),
        probabilities=stored[f"{split}_probabilities"],
    )


def evaluate_folder(
    run: Run,
    directory: str | os.PathLike,
    split: str | None = None,
    test_time_augmentation: str | None = None,
) -> Evaluation:
    """Scores a finished run on a directory of class folders, matched to its classes by name.

    Images are resized as the run's own images were. Broken images are skipped.

    Args:
        run: A finished run.
        directory: A folder that holds class folders, or folders `train`, `val` and `test` that
            hold class folders. The class folders must be some or all of the run's classes.
        split: The one of these folders to use. Defaults to test if there is one, else validation.
        test_time_augmentation: `None`, `"flip"`, `"shifts"`, `"flip_shifts"`, `"five_crops"` or
            `"ten_crops"`: the versions of each image whose predicted probabilities are averaged.

    Raises:
        ValueError: If the directory is not as described, or has classes that the run does not have.
    """
    layout = FolderLayout.read(directory, known=run.data["class_names"])
    if list(layout.files) == ["train"]:
        if split is not None:
            raise ValueError(
                "`split` must be None if the directory holds class folders directly. "
                f"Received: split={split!r}, directory={str(directory)!r}"
            )
        split, where = "train", ""
    else:
        split = _chosen(split, layout.files)
        where = f"{split} images of "
    classes = _matched(run.data["class_names"], layout.class_names)
    files = layout.files[split]
    paths = [layout.root / name for names in files for name in names]
    predictions = list(predict_files(run, paths, test_time_augmentation))
    labels = np.repeat(classes, [len(names) for names in files])
    readable = np.array([p.probabilities is not None for p in predictions], bool)
    rows = [p.probabilities for p in predictions if p.probabilities is not None]
    probabilities = np.array(rows).reshape(-1, len(run.data["class_names"]))
    names = [path.relative_to(layout.root).as_posix() for path in np.array(paths)[readable]]
    return Evaluation(
        images=f"{where}{layout.root}",
        class_names=run.data["class_names"],
        labels=labels[readable],
        predicted=probabilities.argmax(-1),
        probabilities=probabilities,
        skipped=tuple(
            (printable(prediction.path), prediction.reason)
            for prediction in predictions
            if prediction.reason is not None
        ),
        seen=count_seen_images(run, split_of_files(run, layout.root, names, labels[readable])),
    )


def evaluate_dataset(
    run: Run,
    dataset: Dataset,
    split: str | None = None,
    test_time_augmentation: str | None = None,
) -> Evaluation:
    """Scores a finished run on a data set, whose classes are matched to the run's by name.

    Args:
        run: A finished run.
        dataset: A loaded data set, with images of the run's shape.
        split: `"train"`, `"validation"` or `"test"`. Defaults to test if there is one.
        test_time_augmentation: As in `evaluate_folder`.

    Raises:
        ValueError: If the images have another shape, or the data set has classes that the run does
            not have.
    """
    split = _chosen(split, dataset.splits)
    shape = tuple(run.data["image_shape"])
    if tuple(dataset.image_shape) != shape:
        raise ValueError(
            f"The images must have the run's shape {shape}, (height, width, channels): set the "
            f"source's size and channels. Received: {tuple(dataset.image_shape)}"
        )
    classes = _matched(run.data["class_names"], dataset.class_names)
    images = dataset.splits[split]
    model, batch_size = load_with_augmentation(run, test_time_augmentation)
    logits = predict_split(model, images, batch_size)
    return Evaluation(
        images=f"{split} images of {dataset.source}",
        class_names=run.data["class_names"],
        labels=classes[images.labels],
        predicted=logits.argmax(-1),
        probabilities=softmax(logits.astype("float32"), axis=-1),
        skipped=dataset.skipped,
        seen=count_seen_images(run, images, dataset),
    )


def _chosen(split: str | None, available: Collection[str]) -> str:
    """Returns the given split, checked, or the default one."""
    if split is None:
        return evaluation_split(available)
    check_choice("split", split, available)
    return split


def _matched(known: Sequence[str], given: Sequence[str]) -> np.ndarray:
    """Returns the run's label for each class of other data."""
    unknown = [name for name in given if name not in known]
    if unknown:
        missing = [name for name in known if name not in given]
        instead = f" and the run has {listed(map(repr, missing))} instead" if missing else ""
        raise ValueError(
            "The classes of the data must be some or all of the run's, with the same names. "
            f"Received: {listed(map(repr, unknown))}, which the run does not have{instead}."
        )
    return np.array([list(known).index(name) for name in given])
