"""`advise`: which way of transfer learning a task calls for, and why."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from kerasrecipes.base.checks import check_integer
from kerasrecipes.recipe.recipe import Recipe
from kerasrecipes.recipe.spec import Spec, use
from kerasrecipes.training.build import build_recipe
from kerasrecipes.transfer.strategies import strategy_recipe
from kerasrecipes.transfer.task import Task, measure_task

# The lectures' places; which strategy serves in each was measured, on other tasks than those that
# docs/benchmarks/advise.md scores this table by.
TABLE = {
    ("little", "similar"): "last stage",
    ("little", "different"): "all stages",
    ("much", "similar"): "all stages",
    ("much", "different"): "all stages",
}
MUCH_PER_CLASS = 50
# In standard deviations of the source's features.
FAR = 0.75


@dataclass(frozen=True)
class Advice:
    """What to do with a pretrained network on a data set.

    Args:
        task: What was measured.
        size: `"little"` or `"much"`: the data, by images of a class.
        similarity: `"similar"` or `"different"`: the images, to those of the pretrained network.
        strategy: One of `STRATEGIES`.
        reason: Sentences for people.
        recipe: The recipe that does it.
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
    """Measures a task and places it in the lectures' table of two times two.

    |  | similar images | different images |
    |---|---|---|
    | little data | fine-tune the last stage | fine-tune all stages |
    | much data | fine-tune all stages | fine-tune all stages |

    Images are different if a linear classifier does better on an earlier stage's features than on
    the last's, which have become too particular to the source; or if the means of the network's
    features lie far from where they were in its own training. One pass over up to 2,000 images;
    nothing is trained, and the test split is not touched.

    Differs from the lectures, which leave little data to linear classifiers: fine-tuning from a
    trained classifier on, at a tenth of its rate and less with depth, was better where it was
    measured; see docs/benchmarks/advise.md.

    Args:
        data: The data source, as in a recipe.
        backbone: A backbone's name, or `use("Pretrained", ...)` with further options.
        preprocessing: What comes before the network, such as `[use("Resizing", ...)]`.
        much_per_class: Positive integer. From so many images of the smallest class on, training and
            validation together, data are much.
        directory: Where features are kept; see `extract_features`.
        seed: Non-negative integer. Draws images and folds, and is the recipe's.

    Returns:
        An `Advice`; `train(advice.recipe)` follows it.

    Raises:
        ValueError: If data or backbone are not there or do not fit.

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
        strategy,
        data,
        model,
        len(dataset.train),
        preprocessing=preprocessing,
    ).replace({"seed": seed})
    return Advice(task, size, similarity, strategy, _reason(task, size, similarity), advised)


def _reason(task: Task, size: str, similarity: str) -> str:
    earlier = [f"{stage} {accuracy:.1%}" for stage, accuracy in task.accuracies.items()]
    shift = (
        "it has no batch normalization to compare statistics by"
        if task.shift is None
        else f"their features' means lie {task.shift:.2f} deviations from the source's"
    )
    return (
        f"{task.images_per_class} images of the smallest of {task.classes} classes are {size} "
        f"data. A linear classifier scores, by stage: {', '.join(earlier)}; {shift}: the images "
        f"are {similarity}. {_CONCLUSIONS[size, similarity]}"
    )


_CONCLUSIONS = {
    (
        "little",
        "similar",
    ): "Train a linear classifier first, then the last stage with it: there are "
    "too few images to move what lies below.",
    (
        "little",
        "different",
    ): "Train a linear classifier first, then all stages with it, gently: the "
    "later ones are particular to other images.",
    ("much", "similar"): "Train a linear classifier first, then all stages with it, gently.",
    ("much", "different"): "Train a linear classifier first, then all stages with it, gently.",
}
