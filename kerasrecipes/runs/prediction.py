"""What the model of a run says of image files."""

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

from kerasrecipes.data.reading.decoding import BrokenImageError, read_image
from kerasrecipes.data.reading.threads import map_in_threads
from kerasrecipes.models.surgery.test_time_augmentation import COPIES, with_test_time_augmentation
from kerasrecipes.training.run import Run

BATCH_SIZE = 64

# Batches that wait decoded while the model computes one.
_BATCHES_AHEAD = 2

# What ImageFolder does with images of other sizes unless it is told otherwise.
DEFAULT_RESIZE = "crop"

Item = TypeVar("Item")
Result = TypeVar("Result")


@dataclass(frozen=True, eq=False)
class Prediction:
    """What a model says of an image file.

    Args:
        path: Path of the file.
        probabilities: float32 array of shape `(classes,)`, or `None` for a broken image.
        reason: `None`, or what is wrong with a broken image.
    """

    path: Path
    probabilities: np.ndarray | None = None
    reason: str | None = None


def predict_files(
    run: Run, paths: Sequence[Path], views: str | None = None
) -> Iterator[Prediction]:
    """Yields what a finished run's model says of each image file, in order.

    Files are decoded in threads, a few batches ahead of the model, to the run's image size by its
    resize policy (`"crop"` where its own images had one size) and to its channels. Whatever their
    number, no more than these batches are in memory.

    Args:
        run: A finished run.
        paths: The files.
        views: `None`, or the views of each image over which probabilities are averaged, as in
            `with_test_time_augmentation`.

    Example:

    ```python
    run = kerasrecipes.load("saved_models/train_from_scratch-0123456789ab")
    for prediction in predict_files(run, image_paths(["pictures"])):
        print(prediction.path, run.data["class_names"][prediction.probabilities.argmax()])
    ```
    """
    model, size = viewing_model(run, views)
    read = _reader(run)
    batches = [paths[start : start + size] for start in range(0, len(paths), size)]
    for batch, decoded in zip(batches, _ahead(read, batches), strict=True):
        images = [image for image in decoded if isinstance(image, np.ndarray)]
        logits = iter(model.predict_on_batch(np.stack(images)) if images else ())
        for path, image in zip(batch, decoded, strict=True):
            if isinstance(image, BrokenImageError):
                yield Prediction(path, reason=image.reason)
            else:
                yield Prediction(path, softmax(np.asarray(next(logits), "float32")))


def viewing_model(run: Run, views: str | None) -> tuple[Model, int]:
    """Returns a run's model, which averages over views if asked to, and its batch size."""
    model = run.load_model()
    if views is None:
        return model, BATCH_SIZE
    model = with_test_time_augmentation(model, views)
    return model, max(1, BATCH_SIZE // COPIES[views])


def _reader(run: Run) -> Callable[[Sequence[Path]], list[np.ndarray | BrokenImageError]]:
    """Returns a function from files to what each is: an image of the run's shape, or an error."""
    height, width, channels = run.data["image_shape"]
    decode = functools.partial(
        read_image,
        size=(height, width),
        resize=run.data["resize"] or DEFAULT_RESIZE,
        channels=channels,
    )

    def read(path: Path) -> np.ndarray | BrokenImageError:
        try:
            return decode(path)
        except BrokenImageError as error:
            return error

    return functools.partial(map_in_threads, read)


def _ahead(function: Callable[[Item], Result], items: Sequence[Item]) -> Iterator[Result]:
    """Yields `function(item)` for each item, computed by a thread a few items ahead."""
    with ThreadPoolExecutor(1) as thread:
        waiting: deque = deque()
        for item in items:
            waiting.append(thread.submit(function, item))
            if len(waiting) > _BATCHES_AHEAD:
                yield waiting.popleft().result()
        while waiting:
            yield waiting.popleft().result()
