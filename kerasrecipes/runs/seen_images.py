"""Images of an evaluation that the run has seen in its training."""

import math
from dataclasses import dataclass

from kerasrecipes.data.dataset import Dataset
from kerasrecipes.data.reading.file_contents import content_hashes
from kerasrecipes.data.split import FileSplit, Split
from kerasrecipes.data.viewing.inspection import pixel_hashes
from kerasrecipes.recipe.spec import Spec
from kerasrecipes.training.run import Run

# Larger splits are compared only if both are files: to decode them would take as long as an epoch.
_MOST_BYTES = 2**30


@dataclass(frozen=True)
class SeenImages:
    """The numbers of images that a run has seen.

    Args:
        trained_on: How many of the images are among the run's training images.
        validated_on: How many others are among its validation images, which chose the epoch.
    """

    trained_on: int
    validated_on: int


def count_seen_images(run: Run, split: Split, dataset: Dataset | None = None) -> SeenImages | None:
    """Counts the images of a split that are among a run's training and validation images.

    Files are equal if their contents are, other images if their pixels are at the run's image size.
    Nothing is downloaded for it, and no module of a user is imported.

    Args:
        run: A run.
        split: Images of the run's shape.
        dataset: The data set that they are from, if it may be the run's own.

    Returns:
        The counts; `None` if the run's images are not at hand, or are too large to compare.
    """
    is_own = dataset is not None and dataset.hash == run.data["hash"]
    own = dataset if is_own else _data_of(run)
    if own is None:
        return None
    splits = (split, own.train, own.validation)
    files = [each for each in splits if isinstance(each, FileSplit)]
    if len(files) == len(splits):
        hashes = [content_hashes(each.directory, each.names) for each in files]
    elif any(len(each) * math.prod(each.image_shape) > _MOST_BYTES for each in splits):
        return None
    else:
        hashes = [pixel_hashes(each) for each in splits]
    judged, train, validation = hashes[0], set(hashes[1]), set(hashes[2])
    return SeenImages(
        trained_on=sum(each in train for each in judged),
        validated_on=sum(each in validation and each not in train for each in judged),
    )


def _data_of(run: Run) -> Dataset | None:
    """Returns the data of a run if they are where its recipe says, and the same as then."""
    source = _offline(run.recipe.data)
    if source is None:
        return None
    try:
        dataset = source.build("data").load()
    except (ImportError, OSError, TypeError, ValueError):
        return None
    return dataset if dataset.hash == run.data["hash"] else None


def _offline(source: object) -> Spec | None:
    """Returns a data source that downloads nothing; `None` for a user's own."""
    if not isinstance(source, Spec) or ":" in source.name or ">" in source.name:
        return None
    options = dict(source.options)
    if source.name == "TFDS":
        options["download"] = False
    if "data" in options:  # That of a cross-validation.
        options["data"] = _offline(options["data"])
        if options["data"] is None:
            return None
    return Spec(source.name, options)
