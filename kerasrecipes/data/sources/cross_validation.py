"""Stratified cross-validation over the images of another source."""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from kerasrecipes.base.checks import check_integer
from kerasrecipes.data.dataset import Dataset
from kerasrecipes.data.split import Split


@dataclass(frozen=True)
class CrossValidation:
    """One fold of a stratified cross-validation over another source's images.

    The training and validation images of the source are assigned to folds; its test images stay
    the same. The images of each class are assigned to the folds in turn, in a random order that
    `split_seed` decides. So every image is a validation image in exactly one fold, and the folds
    have nearly equal numbers of each class.

    Args:
        data: The source.
        folds: Integer of at least 2.
        fold: Integer in `[0, folds)`, the fold to validate on; or `None` to train on all folds. In
            that case the validation images are the source's own. They are among the training
            images, so that their scores mean nothing, and a recipe that chooses by them is
            refused: set its `monitor` to `None`.
        split_seed: Non-negative integer. It decides the folds.

    Raises:
        ValueError: If an option is out of range, or (in `load`) a class has fewer images than
            there are folds.

    Example:

    >>> from kerasrecipes.data import Digits
    >>> CrossValidation(Digits(), folds=5, fold=0).load().sizes
    {'train': 1150, 'validation': 288, 'test': 359}
    """

    data: Any
    folds: int = 5
    fold: int | None = 0
    split_seed: int = 0

    def __post_init__(self):
        check_integer("folds", self.folds, at_least=2)
        check_integer("split_seed", self.split_seed, at_least=0)
        if self.fold is not None:
            check_integer("fold", self.fold, at_least=0)
            if self.fold >= self.folds:
                raise ValueError(
                    f"`fold` must be less than the number of folds, {self.folds}. "
                    f"Received: fold={self.fold}"
                )

    def load(self) -> Dataset:
        """Returns the images of this fold as a `Dataset`."""
        loaded = self.data.load()
        joined = _Chosen(
            (loaded.train, loaded.validation),
            np.arange(len(loaded.train) + len(loaded.validation)),
        )
        train, validation = joined, loaded.validation
        if self.fold is not None:
            folds = self.fold_of_each(joined.labels, loaded.class_names)
            train = joined.subset(np.flatnonzero(folds != self.fold))
            validation = joined.subset(np.flatnonzero(folds == self.fold))
        which = "all" if self.fold is None else f"fold {self.fold + 1} of {self.folds}"
        return Dataset(
            train=train,
            validation=validation,
            test=loaded.test,
            class_names=loaded.class_names,
            image_shape=loaded.image_shape,
            source=f"{loaded.source}; {which} of its training and validation images",
            value_range=loaded.value_range,
            resize=loaded.resize,
            skipped=loaded.skipped,
            held_out=self.fold is not None,
        )

    def fold_of_each(self, labels: np.ndarray, class_names: Sequence[str]) -> np.ndarray:
        """Returns the fold of each training and validation image, whose labels are given."""
        folds = np.empty(len(labels), int)
        rng = np.random.Generator(np.random.PCG64(self.split_seed))
        dealt = 0
        for label, name in enumerate(class_names):
            members = rng.permutation(np.flatnonzero(labels == label))
            if len(members) < self.folds:
                raise ValueError(
                    f"Every class must have at least {self.folds} training and validation images, "
                    f"one for each fold. Received: {len(members)} of class {name!r}"
                )
            # To continue after the last fold of the previous class keeps the folds equally large.
            folds[members] = (dealt + np.arange(len(members))) % self.folds
            dealt += len(members)
        return folds


@dataclass(frozen=True, eq=False)
class _Chosen:
    """Chosen images of several splits, numbered consecutively."""

    splits: Sequence[Split]
    indices: np.ndarray

    @property
    def labels(self) -> np.ndarray:
        return np.concatenate([split.labels for split in self.splits])[self.indices]

    @property
    def image_shape(self) -> tuple[int, int, int]:
        return self.splits[0].image_shape

    def __len__(self) -> int:
        return len(self.indices)

    def subset(self, indices: np.ndarray) -> "_Chosen":
        return _Chosen(self.splits, self.indices[indices])

    def read(self, indices: Sequence[int] | np.ndarray) -> np.ndarray:
        chosen = self.indices[np.asarray(indices, int)]
        images = np.empty((len(chosen), *self.image_shape), "uint8")
        for place, (number, index) in self._places(chosen):
            images[place] = self.splits[number].read(index)
        return images

    def name(self, index: int) -> str:
        ((_, (number, inside)),) = self._places(self.indices[[index]])
        return self.splits[number].name(int(inside[0]))

    def digest(self) -> str:
        content = hashlib.sha256(np.asarray(self.indices, "int64").tobytes())
        for split in self.splits:
            content.update(split.digest().encode())
        return content.hexdigest()

    def _places(self, chosen: np.ndarray) -> list:
        """Returns the chosen images split by split.

        The items are `(places, (number, indices))`: the positions among the chosen images, the
        number of the split, and the indices within that split.
        """
        starts = np.cumsum([0, *(len(split) for split in self.splits)])
        found = []
        for number, (start, end) in enumerate(zip(starts[:-1], starts[1:], strict=True)):
            place = np.flatnonzero((chosen >= start) & (chosen < end))
            if len(place):
                found.append((place, (number, chosen[place] - start)))
        return found
