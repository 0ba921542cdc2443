"""What to do with a recipe's pretrained network on its images, as a command."""

import argparse
from pathlib import Path

from kerasrecipes.cli.arguments import add_set


def add_advise(parser: argparse.ArgumentParser) -> None:
    """Adds the arguments of `advise`, but not the recipe."""
    add_set(parser, "change a value of the recipe, such as model.backbone=VGG16; repeatable")
    parser.add_argument(
        "--output",
        default="advice.json",
        metavar="FILE",
        help="where the advised recipe is written (default: advice.json)",
    )


def write_advice(recipe, output: str) -> None:
    """Prints what `advise` says of a recipe's data and model, and writes the recipe it advises.

    Args:
        recipe: A recipe with the model `Pretrained`; only its data, preprocessing, model and seed
            count.
        output: The file that the advised recipe is written to.

    Raises:
        ValueError: If the model is another, or the data cannot be read.
    """
    from kerasrecipes.base.files import write_json
    from kerasrecipes.transfer import advise

    if recipe.model.name != "Pretrained":
        raise ValueError(
            "Advice is about a pretrained network: give a recipe with the model 'Pretrained', as "
            f"by `--set model=Pretrained`. Received: {recipe.model!r}"
        )
    advice = advise(recipe.data, recipe.model, preprocessing=recipe.preprocessing, seed=recipe.seed)
    path = Path(output)
    path.parent.mkdir(parents=True, exist_ok=True)
    write_json(path, advice.recipe.to_dict())
    print(f"{advice.size} data, {advice.similarity} images: {advice.strategy}")
    print(advice.reason)
    print(f"recipe: {path}; `kerasrecipes train {path}` follows the advice")
