"""Whether a run can be what another recipe starts from."""

from collections.abc import Sequence

from kerasrecipes.base.text import listed
from kerasrecipes.data.dataset import Dataset
from kerasrecipes.recipe.recipe import Recipe
from kerasrecipes.recipe.registry import arguments
from kerasrecipes.training.run import Run


def check_start(recipe: Recipe, dataset: Dataset, start: Run) -> None:
    """Raises unless the weights of a run mean the same in a recipe that starts from them.

    Weights of equal shapes can be taken over even where they expect other numbers: such a run
    trains, and scores badly without a word.

    Args:
        recipe: The recipe that starts from the run.
        dataset: Its loaded data.
        start: The finished run.

    Raises:
        ValueError: If preprocessing or image size differ, or classes whose logits are taken over.
    """
    before = start.recipe.preprocessing
    if before != recipe.preprocessing:
        raise ValueError(
            "`preprocessing` must be that of the run to start from, whose weights expect what it "
            f"gives: {_listed(before)}. Received: preprocessing={_listed(recipe.preprocessing)}"
        )
    shape = tuple(start.data["image_shape"])
    if shape != tuple(dataset.image_shape):
        raise ValueError(
            "The images must have the size of those of the run to start from, "
            f"{shape}: give the data source that size. Received: {tuple(dataset.image_shape)}"
        )
    names = tuple(start.data["class_names"])
    takes_start = "start" in arguments(recipe.model.component("model"))
    if not takes_start and names != tuple(dataset.class_names):
        raise ValueError(
            "The classes must be those of the run to start from, whose last layer is taken over: "
            f"{_classes(names)}. For other classes let `Pretrained` put a new last layer on its "
            f"network: `backbone={str(start.folder)!r}`. Received: {_classes(dataset.class_names)}"
        )


def _listed(specs: Sequence[object]) -> str:
    return f"[{', '.join(map(repr, specs))}]"


def _classes(names: Sequence[str]) -> str:
    return f"{len(names)} classes, {listed(names, most=5)}"
