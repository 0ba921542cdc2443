"""Data sets of TensorFlow Datasets: finding, preparing and describing them."""

import os
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import NamedTuple

import numpy as np

from kerasrecipes.base.checks import check_choice, nearest


class LabelledImages(NamedTuple):
    """The features of a data set that hold its images and labels.

    Args:
        image: Name of the feature that holds the image.
        image_shape: Tuple `(height, width, channels)`; `None` for a length that differs between
            images or is unknown.
        label: Name of the feature that holds the class.
        class_names: Tuple of strings.
    """

    image: str
    image_shape: tuple[int | None, int | None, int | None]
    label: str
    class_names: tuple[str, ...]


def find_builder(name: str, data_dir: str | os.PathLike | None):
    """Returns the `tfds.core.DatasetBuilder` of a data set, which need not be prepared.

    Args:
        name: As for `tfds.builder`.
        data_dir: As for `tfds.builder`.

    Raises:
        ValueError: If there is no such data set.
    """
    import tensorflow_datasets as tfds

    directory = None if data_dir is None else os.path.expanduser(data_dir)
    try:
        return tfds.builder(name, data_dir=directory)
    except tfds.core.DatasetNotFoundError:
        # Its own message lists all data sets that exist.
        known = tfds.list_builders(with_community_datasets=False) + _folders(directory)
        raise ValueError(
            "`name` must be a data set of TensorFlow Datasets, or of your own in `data_dir`."
            f"{nearest(name.split('/')[0].split(':')[0], known)} Received: name={name!r}, "
            f"data_dir={directory!r}"
        ) from None


def prepare(builder, name: str, download: bool) -> None:
    """Downloads and prepares a data set unless it is prepared already.

    Args:
        builder: A `tfds.core.DatasetBuilder`.
        name: The data set's name, as it was given to `find_builder`.
        download: Whether a data set may be downloaded. If not, an error says how to do it.

    Raises:
        ValueError: If the data set is not prepared and cannot be downloaded, or if it is prepared
            in another file format than TFRecord.
    """
    if not builder.is_prepared():
        _download(builder, name, download)
    file_format = builder.info.file_format.value
    if file_format != "tfrecord":
        raise ValueError(
            f"{name!r} must be prepared as tfrecord files. Received: {file_format} files in "
            f"{str(builder.data_dir)!r}. Prepare it in another `data_dir`: "
            + _command(name, "...", ", file_format='tfrecord'")
        )


def labelled_images(info, label: str | None) -> LabelledImages:
    """Returns the features of a data set that hold the image and the class.

    If there are several, those are taken that the data set names for supervised learning.

    Args:
        info: The builder's `tfds.core.DatasetInfo`.
        label: Name of the feature that holds the class, or `None` to find it.

    Raises:
        ValueError: If there is no image or no class, or there are several and the data set names
            none of them.
    """
    import tensorflow_datasets as tfds

    features = dict(info.features.items()) if hasattr(info.features, "items") else {}
    images = _of_class(features, tfds.features.Image)
    classes = _of_class(features, tfds.features.ClassLabel)
    supervised = info.supervised_keys or ()
    if classes and label is not None:
        check_choice("label", label, classes)
    image_name = _the_one(info.name, images, supervised, "image")
    label_name = _the_one(info.name, [label] if classes and label else classes, supervised, "label")
    dtype = np.dtype(features[image_name].np_dtype).name
    if dtype not in ("uint8", "uint16"):
        raise ValueError(
            f"The images of {info.name!r} must be of 8 or 16 bits. Received: dtype={dtype}"
        )
    return LabelledImages(
        image_name,
        tuple(features[image_name].shape),
        label_name,
        tuple(features[label_name].names),
    )


def split_parts(builder, option: str, split: str) -> list[tuple[Path, range]]:
    """Returns the files of a split, and for each file the numbers of the split's records in it.

    Args:
        builder: A prepared `tfds.core.DatasetBuilder`.
        option: Name of the option that has the value `split`, for the error message.
        split: Such as `"train"`, `"train[:80%]"` or `"train+test"`.

    Raises:
        ValueError: If there is no such split.
    """
    splits = builder.info.splits
    try:
        instructions = splits[split].file_instructions
    except (KeyError, ValueError) as error:
        hint = " Or set test_split=None and test_fraction=0.1." if option == "test_split" else ""
        raise ValueError(
            f"`{option}` must be a split of {builder.name!r}: {', '.join(splits)}, or a part of "
            f"one, such as {f'{next(iter(splits))}[80%:]'!r}.{nearest(split, splits)}"
            f"{hint} Received: {option}={split!r}"
        ) from error
    return [(Path(part.filename), range(part.skip, part.skip + part.take)) for part in instructions]


def _download(builder, name: str, download: bool) -> None:
    command = _command(name, str(builder.data_dir_root))
    place = str(builder.data_dir)
    if not download:
        raise ValueError(
            f"{name!r} must be prepared in {place!r}. Set download=True, or run: {command}"
        )
    try:
        builder.download_and_prepare()
    # A network, an archive and a data set's own code raise errors of all types.
    except Exception as error:
        reason = (str(error) or type(error).__name__).strip().split("\n", 1)[0]
        raise ValueError(
            f"{name!r} is not prepared in {place!r}, and cannot be downloaded here ({reason}). Run "
            f"this on a machine that can download it, and copy the folder: {command}"
        ) from error


def _command(name: str, directory: str, options: str = "") -> str:
    # Not `tfds build`: with tensorflow-datasets 4.9.10 it does not start without Apache Beam.
    code = f"tfds.builder({name!r}, data_dir={directory!r}{options}).download_and_prepare()"
    return f"python -c {f'import tensorflow_datasets as tfds; {code}'!r}"


def _folders(directory: str | None) -> list[str]:
    if directory is None or not os.path.isdir(directory):
        return []
    return [path.name for path in Path(directory).iterdir() if path.is_dir()]


def _of_class(features: Mapping[str, object], feature_class: type) -> list[str]:
    # Not isinstance: a subclass of Image holds something else, such as a mask of labels.
    return [name for name, feature in features.items() if type(feature) is feature_class]


def _the_one(name: str, found: list[str], supervised: Iterable[object], what: str) -> str:
    preferred = [feature for feature in found if feature in supervised]
    if len(preferred) == 1:
        return preferred[0]
    if len(found) == 1:
        return found[0]
    if not found:
        kind = "images" if what == "image" else "class labels"
        raise ValueError(
            f"`name` must be a data set for image classification. Received: {name!r}, which has no "
            f"{kind}"
        )
    hint = " Choose one by `label`." if what == "label" else ""
    raise ValueError(
        f"{name!r} must have one {what} for each example.{hint} Received: {', '.join(found)}"
    )
