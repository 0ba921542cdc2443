"""Predictions of a run's model for image files."""

import functools
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

import numpy as np
from keras import Model
from scipy.special import softmax

from kerasrecipes.data.filling import compiles_each_size, filled
from kerasrecipes.data.reading.decoding import BrokenImageError, read_image
from kerasrecipes.data.reading.threads import map_in_threads
from kerasrecipes.data.split import FileSplit
from kerasrecipes.models.surgery.test_time_augmentation import COPIES, with_test_time_augmentation
from kerasrecipes.runs.labels.prior_adjustment import adjusted_probabilities
from kerasrecipes.training.run import Run

BATCH_SIZE = 64

# The number of batches that are decoded ahead while the model computes one.
_BATCHES_AHEAD = 2

# The default resize policy of `ImageFolder`.
DEFAULT_RESIZE = "crop"

Item = TypeVar("Item")
Result = TypeVar("Result")


@dataclass(frozen=True, eq=False)
class Prediction:
    """A model's prediction for an image file.

    Args:
        path: Path of the file.
        probabilities: Float array of shape `(classes,)`, or `None` for a broken image.
        reason: `None`, or the reason why a broken image cannot be read.
    """

    path: Path
    probabilities: np.ndarray | None = None
    reason: str | None = None


def predict_files(
    run: Run,
    paths: Sequence[Path],
    test_time_augmentation: str | None = None,
    *,
    logit_adjustment: float | None = None,
) -> Iterator[Prediction]:
    """Yields the prediction of a finished run's model for each image file, in order.

    Files are decoded in threads, with the image size and the channels of the run. They are resized
    by the run's resize policy, or by `"crop"` if the run did not resize its images. Decoding is a
    few batches ahead of the model; no more than these batches are in memory at any time.

    Args:
        run: A finished run.
        paths: The files.
        test_time_augmentation: `None`, `"flip"`, `"shifts"`, `"flip_shifts"`, `"five_crops"` or
            `"ten_crops"`: the versions of each image whose predicted probabilities are averaged.
        logit_adjustment: Float of at least 0, `tau` of `adjusted_probabilities`; `None` for
            probabilities as they are.

    Example:

    ```python
    run = kerasrecipes.load("saved_models/train_from_scratch-0123456789ab")
    for prediction in predict_files(run, image_paths(["pictures"])):
        print(prediction.path, run.data["class_names"][prediction.probabilities.argmax()])
    ```
    """
    model, size = load_with_augmentation(run, test_time_augmentation)
    read = image_reader(run)
    batches = [paths[start : start + size] for start in range(0, len(paths), size)]
    for batch, decoded in zip(batches, _ahead(read, batches), strict=True):
        images = [image for image in decoded if isinstance(image, np.ndarray)]
        logits = iter(_outputs(model, images, size if len(batches) > 1 else 1))
        for path, image in zip(batch, decoded, strict=True):
            if isinstance(image, BrokenImageError):
                yield Prediction(path, reason=image.reason)
            else:
                probabilities = softmax(np.asarray(next(logits), "float32"))
                if logit_adjustment is not None:
                    probabilities = adjusted_probabilities(run, probabilities, logit_adjustment)
                yield Prediction(path, probabilities)


def _outputs(model: Model, images: Sequence[np.ndarray], size: int) -> Sequence[np.ndarray]:
    """Returns the outputs for images. `size` is that of the batches before, if there are some."""
    if not images:
        return ()
    batch = np.stack(images)
    if compiles_each_size():
        batch = filled(batch, max(size, len(images)))
    return model.predict_on_batch(batch)[: len(images)]


def load_with_augmentation(run: Run, test_time_augmentation: str | None) -> tuple[Model, int]:
    """Returns a run's model with test-time augmentation, and the batch size to predict with."""
    model = run.load_model(compile=False)
    if test_time_augmentation is None:
        return model, BATCH_SIZE
    model = with_test_time_augmentation(model, test_time_augmentation)
    return model, max(1, BATCH_SIZE // COPIES[test_time_augmentation])


def split_of_files(run: Run, root: Path, names: Sequence[str], labels: np.ndarray) -> FileSplit:
    """Returns image files as a split, decoded as `predict_files` does it.

    Args:
        run: The run, which says the image size.
        root: Path that `names` are relative to.
        names: The files.
        labels: Integer array of shape `(files,)`.
    """
    shape = tuple(run.data["image_shape"])
    return FileSplit(root, names, labels.astype(np.int32), shape, _decoder(run))


def _decoder(run: Run) -> Callable[[Path], np.ndarray]:
    height, width, channels = run.data["image_shape"]
    return functools.partial(
        read_image,
        size=(height, width),
        resize=run.data["resize"] or DEFAULT_RESIZE,
        channels=channels,
    )


def image_reader(run: Run) -> Callable[[Sequence[Path]], list[np.ndarray | BrokenImageError]]:
    """Returns a function from files to images of the run's shape; broken ones become errors."""
    decode = _decoder(run)

    def read(path: Path) -> np.ndarray | BrokenImageError:
        try:
            return decode(path)
        except BrokenImageError as error:
            return error

    return functools.partial(map_in_threads, read)


def _ahead(function: Callable[[Item], Result], items: Sequence[Item]) -> Iterator[Result]:
    """Yields `function(item)` for each item. A thread computes a few results ahead."""
    with ThreadPoolExecutor(1) as thread:
        waiting: deque = deque()
        for item in items:
            waiting.append(thread.submit(function, item))
            if len(waiting) > _BATCHES_AHEAD:
                yield waiting.popleft().result()
        while waiting:
            yield waiting.popleft().result()
