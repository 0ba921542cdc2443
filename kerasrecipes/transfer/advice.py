"""Advice on the strategy of transfer learning for a task."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from kerasrecipes.base.checks import check_integer
from kerasrecipes.recipe.recipe import Recipe
from kerasrecipes.recipe.spec import Spec, use
from kerasrecipes.training.building.build import build_recipe
from kerasrecipes.transfer.strategies import strategy_recipe
from kerasrecipes.transfer.task import Task, measure_task

# The four cases are those of the lectures. The best strategy for each was measured, on other tasks
# than those on which docs/benchmarks/advise.md scores this table.
TABLE = {
    ("little", "similar"): "last stage",
    ("little", "different"): "all stages",
    ("much", "similar"): "all stages",
    ("much", "different"): "all stages",
}
MUCH_PER_CLASS = 50
# A shift of the features that is far, in standard deviations of those of the source images.
FAR = 0.75


@dataclass(frozen=True)
class Advice:
    """A strategy for a pretrained network on a data set, and its reason.

    Args:
        task: The measurements of the task.
        size: `"little"` or `"much"` data, by the number of training images of a class.
        similarity: `"similar"` or `"different"`: how the images compare with those that the network
            was trained on.
        strategy: One of `STRATEGIES`.
        reason: The reason, in sentences.
        recipe: The recipe of the strategy.
    """

    task: Task
    size: str
    similarity: str
    strategy: str
    reason: str
    recipe: Recipe


def advise(
    data: Spec,
    backbone: str | Spec = "resnet20_cifar10",
    *,
    preprocessing: Sequence[Spec] = (),
    much_per_class: int = MUCH_PER_CLASS,
    directory: str | Path = "saved_models/features",
    seed: int = 0,
) -> Advice:
    """Measures a task and advises the strategy for its case in this table.

    |  | similar images | different images |
    |---|---|---|
    | little data | fine-tune the last stage | fine-tune all stages |
    | much data | fine-tune all stages | fine-tune all stages |

    Images are different if a linear classifier is more accurate on the features of an earlier stage
    than on those of the last stage, which are then too specific to the source images. They are also
    different if the means of the network's features lie far from those of the source images. The
    measurement is one pass over up to 2,000 images. No network is trained, and the test split is
    not used.

    Differs from the lectures in: they advise a linear classifier for little data. Fine-tuning was
    better where it was measured, with a trained classifier as its start, a tenth of that one's
    learning rate, and lower rates in earlier stages; see docs/benchmarks/advise.md.

    Args:
        data: The data source, as in a recipe.
        backbone: The name of a backbone, or `use("Pretrained", ...)` with further options.
        preprocessing: The layers before the network, such as `[use("Resizing", ...)]`.
        much_per_class: Positive integer. There is much data if the smallest class has at least so
            many training images.
        directory: The directory of stored features; see `extract_features`.
        seed: Non-negative integer. It chooses images and folds, and is the seed of the recipe.

    Returns:
        An `Advice`; `train(advice.recipe)` follows it.

    Raises:
        ValueError: If the data or the backbone do not exist, or do not fit together.

    Example:

    ```python
    advice = advise(use("Digits", image_size=32, examples_per_class=10))
    print(advice.reason)
    run = train(advice.recipe)
    ```
    """
    check_integer("much_per_class", much_per_class, at_least=1)
    model = backbone if isinstance(backbone, Spec) else use("Pretrained", backbone=backbone)
    dataset = data.build("data").load()
    recipe = strategy_recipe(
        "features", data, model, len(dataset.train), preprocessing=preprocessing
    ).replace({"seed": seed})
    task = measure_task(
        build_recipe(recipe, dataset).model, dataset, directory=directory, seed=seed
    )
    size = "much" if task.images_per_class >= much_per_class else "little"
    far = task.shift is not None and task.shift > FAR
    similarity = "different" if task.gain > 0 or far else "similar"
    strategy = TABLE[size, similarity]
    advised = strategy_recipe(
        strategy, data, model, len(dataset.train), preprocessing=preprocessing
    ).replace({"seed": seed})
    return Advice(task, size, similarity, strategy, _reason(task, size, similarity), advised)


def _reason(task: Task, size: str, similarity: str) -> str:
    accuracies = [f"{stage} {accuracy:.1%}" for stage, accuracy in task.accuracies.items()]
    shift = (
        "The network has no batch normalization whose statistics could be compared"
        if task.shift is None
        else f"The means of the features are shifted by {task.shift:.2f} standard deviations from "
        "those of the source images"
    )
    return (
        f"The smallest of {task.classes} classes has {task.images_per_class} training images: "
        f"this is {size} data. The accuracies of a linear classifier by stage are "
        f"{', '.join(accuracies)}. "
        f"{shift}: the images are {similarity}. {_CONCLUSIONS[size, similarity]}"
    )


_ALL_STAGES = "Train a linear classifier first, then all stages with it at a low rate"
_CONCLUSIONS = {
    ("little", "similar"): "Train a linear classifier first, then the last stage with it: there "
    "are too few images to train earlier stages.",
    ("little", "different"): f"{_ALL_STAGES}: the later ones are specific to the source images.",
    ("much", "similar"): f"{_ALL_STAGES}.",
    ("much", "different"): f"{_ALL_STAGES}.",
}
