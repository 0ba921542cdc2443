"""Images, labels and class names in the arrays of an `.npz` file."""

import zipfile
from collections.abc import Iterable
from pathlib import Path
from typing import NamedTuple

import numpy as np

from kerasrecipes.base.damaged_files import DECODING_ERRORS, decoding

_SPLITS = {"train": ("train",), "validation": ("val", "valid", "validation"), "test": ("test",)}
_KINDS = (("x", "y"), ("images", "labels"))
_CLASS_NAMES = ("classes", "class_names")


class NpzFile(NamedTuple):
    """Images and labels by split.

    Args:
        images: Dict from split to an array of shape `(samples, height, width, channels)`;
            `"train"` is always there.
        labels: Dict from split to an int32 array of shape `(samples,)`.
        class_names: Tuple of strings.
        names: Dict from split to the name of its array of images.
    """

    images: dict[str, np.ndarray]
    labels: dict[str, np.ndarray]
    class_names: tuple[str, ...]
    names: dict[str, str]


def read_npz(path: Path) -> NpzFile:
    """Returns the images and labels in an `.npz` file. Nothing in it is unpickled.

    Raises:
        ValueError: If the file is no `.npz` file, has no training images, or holds an array of a
            wrong shape or with values out of range.
        TypeError: If labels are not integers, or an array holds objects.
    """
    if not zipfile.is_zipfile(path):
        raise ValueError(
            f"`path` must be an .npz file, as numpy.savez writes it. Received: path={str(path)!r}"
        )
    with decoding(path):
        file = np.load(path, allow_pickle=False)
    with file:
        pairs = _pairs(file.files)
        names = {split: image for split, (image, _) in pairs.items()}
        images = {
            split: _images(name, _array(file, path, name), path) for split, name in names.items()
        }
        labels = {
            split: _labels(label, _array(file, path, label), names[split], len(images[split]))
            for split, (_, label) in pairs.items()
        }
        named = next((name for name in _CLASS_NAMES if name in file.files), None)
        class_names = _class_names(None if named is None else _array(file, path, named), labels)
    shapes = {names[split]: array.shape[1:] for split, array in images.items()}
    if len(set(shapes.values())) > 1:
        listed = ", ".join(f"{name} {shape}" for name, shape in shapes.items())
        raise ValueError(f"All images must have the same shape. Received: {listed}")
    for split, (_, name) in pairs.items():
        _check_range(name, labels[split], len(class_names))
        labels[split] = labels[split].astype(np.int32)
    return NpzFile(images, labels, class_names, names)


def _pairs(there: Iterable[str]) -> dict[str, tuple[str, str]]:
    """Returns the names of the arrays of images and of labels of each split."""
    by_lower = {name.lower(): name for name in there}
    pairs: dict[str, tuple[str, str]] = {}
    for split, names in _SPLITS.items():
        candidates = [
            (pattern.format(image, name), pattern.format(label, name))
            for name in names
            for image, label in _KINDS
            for pattern in ("{0}_{1}", "{1}_{0}")
        ]
        if split == "train":
            candidates += _KINDS
        for image, label in candidates:
            if (image in by_lower) != (label in by_lower):
                given, missing = (image, label) if image in by_lower else (label, image)
                raise ValueError(
                    f"`{given}` must come with `{missing}`. Received: {', '.join(there)}"
                )
            if image in by_lower and split in pairs:
                raise ValueError(
                    f"There must be one array of {split} images. Received: {pairs[split][0]!r} and "
                    f"{by_lower[image]!r}"
                )
            if image in by_lower:
                pairs[split] = (by_lower[image], by_lower[label])
    if "train" not in pairs:
        raise ValueError(
            "The file must have the arrays x_train and y_train, or train_images and train_labels. "
            f"Received: {', '.join(there) or 'none'}"
        )
    return pairs


def _array(file, path: Path, name: str) -> np.ndarray:
    try:
        array = file[name]
    except MemoryError as error:
        raise ValueError(f"`{name}` in {path.name!r} does not fit into memory: {error}") from error
    except (OSError, *DECODING_ERRORS) as error:
        if "pickle" in str(error):
            raise TypeError(
                f"`{name}` in {path.name!r} must be an array of numbers. Received: an array of "
                "objects, which is not read because that could run code. Save it with a numeric "
                "dtype, such as numpy.stack(images).astype('uint8')."
            ) from None
        raise ValueError(f"`{name}` in {path.name!r} is damaged: {error}") from error
    if not isinstance(array, np.ndarray):
        raise TypeError(f"`{name}` in {path.name!r} must be an array. Received: a raw file")
    return array


def _images(name: str, images: np.ndarray, path: Path) -> np.ndarray:
    if images.ndim == 3:
        images = images[..., np.newaxis]
    if images.ndim != 4:
        raise ValueError(
            f"`{name}` in {path.name!r} must have shape (samples, height, width) or (samples, "
            f"height, width, channels). Received: {name}.shape={images.shape}"
        )
    if images.shape[1] in (1, 3) and images.shape[3] > 4:
        raise ValueError(
            f"`{name}` must have the channels last: numpy.moveaxis({name}, 1, -1) moves them. "
            f"Received: {name}.shape={images.shape}"
        )
    return images


def _labels(name: str, labels: np.ndarray, image_name: str, samples: int) -> np.ndarray:
    if labels.ndim == 2 and labels.shape[1] == 1:
        labels = labels[:, 0]
    if labels.shape != (samples,):
        one_hot = labels.ndim == 2 and len(labels) == samples
        hint = f" If labels are one-hot, save {name}.argmax(axis=1)." if one_hot else ""
        raise ValueError(
            f"`{name}` must have shape ({samples},) or ({samples}, 1), one for each image in "
            f"`{image_name}`.{hint} Received: {name}.shape={labels.shape}"
        )
    if labels.dtype.kind not in "iu":
        raise TypeError(
            f"`{name}` must hold integers, the classes counted from 0. "
            f"Received: {name}.dtype={labels.dtype}"
        )
    return labels


def _class_names(names: np.ndarray | None, labels: dict[str, np.ndarray]) -> tuple[str, ...]:
    if names is None:
        # Every class has an image, so that there are not more classes than images.
        highest = int(labels["train"].max(initial=0))
        return tuple(str(label) for label in range(min(highest + 1, len(labels["train"]))))
    listed = tuple(n.decode() if isinstance(n, bytes) else str(n) for n in names.ravel().tolist())
    if names.ndim != 1 or len(set(listed)) < len(listed):
        raise ValueError(
            f"The class names must be a list of different names. Received: {', '.join(listed)}"
        )
    return listed


def _check_range(name: str, labels: np.ndarray, classes: int) -> None:
    lowest, highest = labels.min(initial=0), labels.max(initial=0)
    if lowest < 0 or highest >= classes:
        raise ValueError(
            f"`{name}` must hold labels in [0, {classes}), the number of classes. "
            f"Received: labels from {lowest} to {highest}"
        )
