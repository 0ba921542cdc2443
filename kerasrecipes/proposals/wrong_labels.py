"""Images of a recipe whose label is probably wrong, found by cross-validation."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from kerasrecipes.base.files import write_text
from kerasrecipes.data.dataset import Dataset
from kerasrecipes.data.sources.cross_validation import CrossValidation
from kerasrecipes.proposals.folds import cross_validate
from kerasrecipes.recipe.recipe import Recipe
from kerasrecipes.recipe.spec import Spec
from kerasrecipes.runs.labels.confident_learning import LabelErrors, find_label_errors


class SuspectImage(NamedTuple):
    """An image whose label is probably wrong.

    Args:
        name: The name of its file, or its place in the data.
        image: uint8 array `(height, width, channels)`.
        label: The name of the class that it is labelled as.
        label_probability: The probability of that class.
        suggested: The name of the class that it probably is.
        suggested_probability: The probability of that one.
    """

    name: str
    image: np.ndarray
    label: str
    label_probability: float
    suggested: str
    suggested_probability: float


@dataclass(frozen=True, eq=False)
class WrongLabels:
    """What a cross-validation says of the labels of a recipe's training and validation images.

    Args:
        dataset: The images, all of them as `train`.
        probabilities: Of each image, by the network that did not see it, `(images, classes)`.
        errors: Which labels are probably wrong; its indices are those of `dataset.train`.
        folds: The number of folds.
    """

    dataset: Dataset
    probabilities: np.ndarray
    errors: LabelErrors
    folds: int

    @property
    def names(self) -> list[str]:
        """The names of the images whose label is probably wrong, the most suspect first."""
        return [self.dataset.train.name(index) for index in self.errors.indices.tolist()]

    def images(self, most: int | None = None) -> Iterator[SuspectImage]:
        """Yields the images whose label is probably wrong, the most suspect first.

        Args:
            most: The number of them to read, or `None` for all.
        """
        split, class_names = self.dataset.train, self.dataset.class_names
        errors = self.errors
        for place, index in enumerate(errors.indices[:most].tolist()):
            suggested = int(errors.suggested[place])
            yield SuspectImage(
                name=split.name(index),
                image=split.read([index])[0],
                label=class_names[split.labels[index]],
                label_probability=float(errors.own_probability[place]),
                suggested=class_names[suggested],
                suggested_probability=float(self.probabilities[index, suggested]),
            )

    def write(self, path: str | Path) -> Path:
        """Writes the names, one a line, as `ImageFolder(exclude=path)` reads them."""
        write_text(Path(path), "".join(f"{name}\n" for name in self.names))
        return Path(path)


def find_wrong_labels(
    recipe: Recipe,
    folds: int = 5,
    *,
    directory: str | Path = "saved_models",
    name: str = "run",
    say: Callable[[str], None] = lambda text: None,
    **options: Any,
) -> WrongLabels:
    """Finds images of a recipe whose label is probably wrong.

    The recipe is trained once for each fold, and each network judges the images that it did not
    see. Trained are all epochs, without a choice among them: the held-out labels must not decide
    what then judges them. Test images are left alone.

    Args:
        recipe: The recipe. If its data are a `CrossValidation`, its folds are taken.
        folds: The number of folds, an integer of at least 2.
        directory: As in `train`. Folds that were trained before are not trained again.
        name: The name of the runs.
        say: Function that is called with a line about each fold.
        **options: Further arguments of `train`.

    Returns:
        A `WrongLabels`.

    Raises:
        ValueError: If a class has fewer images than there are folds, or the recipe starts from a
            network that was trained on the same images.

    Example:

    ```python
    found = find_wrong_labels(Recipe.read("saved_models/flowers-0123456789ab"))
    print(len(found.names), "labels are probably wrong, about", found.errors.noise, "of all")
    found.write("wrong_labels.txt")
    ```
    """
    crossed = _crossed(recipe, folds)
    source = crossed.data.build("data")
    held_out = cross_validate(crossed, directory=directory, name=name, say=say, **options)
    dataset, order = _in_order(source)
    probabilities = np.empty_like(held_out.probabilities)
    probabilities[order] = held_out.probabilities
    errors = find_label_errors(np.asarray(dataset.train.labels), probabilities)
    return WrongLabels(dataset, probabilities, errors, held_out.folds)


def _crossed(recipe: Recipe, folds: int) -> Recipe:
    """Returns the recipe of the folds, whose last epoch is kept."""
    data = recipe.data
    if data.name != "CrossValidation":
        data = Spec("CrossValidation", {"data": data, "folds": folds})
    inner = data.options["data"]
    fixed = None if isinstance(recipe.start, Mapping) else recipe.start_recipe()
    if fixed is not None and fixed.data in (recipe.data, inner):
        raise ValueError(
            "The labels cannot be judged by a network that was trained on all of them, and this "
            "recipe starts from one. Give the recipe that it starts from as changes, which is then "
            f"trained for each fold too: start={{...}}. Received: start={recipe.start!r}"
        )
    return recipe.replace({"data": data, "monitor": None})


def _in_order(source: CrossValidation) -> tuple[Dataset, np.ndarray]:
    """Returns all images of a cross-validation, and the places of those of its folds in turn."""
    loaded = source.data.load()
    known = CrossValidation(_Loaded(loaded), source.folds, None, source.split_seed)
    dataset = known.load()
    folds = known.fold_of_each(dataset.train.labels, dataset.class_names)
    return dataset, np.argsort(folds, kind="stable")


class _Loaded(NamedTuple):
    """A source of a data set that is loaded."""

    dataset: Dataset

    def load(self) -> Dataset:
        return self.dataset
