"""The command `advise`: advice on a recipe's pretrained network and its images."""

import argparse
from pathlib import Path

from kerasrecipes.cli.command import Command, Request


def _add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--output",
        default="advice.json",
        metavar="FILE",
        help="where the advised recipe is written (default: advice.json)",
    )


def _write_advice(asked: Request) -> None:
    """Prints what `advise` says of a recipe's data and model, and writes the recipe it advises."""
    from kerasrecipes.base.files import write_json
    from kerasrecipes.transfer import advise

    recipe = asked.recipe
    if recipe.model.name != "Pretrained":
        raise ValueError(
            "Advice is about a pretrained network: give a recipe with the model 'Pretrained', as "
            f"by `--set model=Pretrained`. Received: {recipe.model!r}"
        )
    path = Path(asked.arguments.output)
    if path.exists():
        raise ValueError(
            f"{path} is there already: give another file by --output, or delete it first."
        )
    advice = advise(recipe.data, recipe.model, preprocessing=recipe.preprocessing, seed=recipe.seed)
    path.parent.mkdir(parents=True, exist_ok=True)
    write_json(path, advice.recipe.to_dict())
    print(f"{advice.size} data, {advice.similarity} images: {advice.strategy}")
    print(advice.reason)
    print(f"recipe: {path}; `kerasrecipes train {path}` follows the advice")


COMMAND = Command(
    name="advise",
    help="measure how to use a recipe's pretrained network on its images, and write that recipe",
    runs_code=True,
    takes="recipe",
    add_arguments=_add_arguments,
    run=_write_advice,
)
