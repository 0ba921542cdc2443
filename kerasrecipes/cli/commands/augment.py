"""The command `augment`: a recipe's images as the network will see them."""

import argparse
from collections.abc import Sequence

from kerasrecipes.cli.arguments import add_grid, grid_path
from kerasrecipes.cli.command import Command, Request

# Images of the grid: rows, and draws beside each original.
_ROWS, _DRAWS = 12, 10


def _add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "images",
        nargs="*",
        metavar="image",
        help="a file, a folder, or a pattern in quotes (default: a training image of each class)",
    )
    add_grid(parser, "NAME-augment.png", "originals, and what is made of them at random")


def _show_augmentation(asked: Request) -> None:
    """Draws a grid of images as a recipe augments them."""
    from kerasrecipes.base.files import replacing
    from kerasrecipes.data.viewing.image_grids import image_grid
    from kerasrecipes.training.building.build import build_recipe

    recipe, path = asked.recipe, grid_path(asked.arguments.grid or f"{asked.name}-augment.png")
    if not recipe.augment:
        raise ValueError(
            "The recipe does not augment: give it layers, such as --set augment=RandomFlip."
        )
    built = build_recipe(recipe, recipe.data.build("data").load())
    names, originals = _originals(built.dataset, asked.arguments.images)
    with replacing(path) as temporary:
        image_grid(_rows(built, names, originals)).save(temporary)
    print(f"grid: {path}")


def _originals(dataset, given: Sequence[str]):
    """Returns names and pictures: of the files that are given, or of a few classes."""
    import numpy as np

    if not given:
        labels, first = np.unique(dataset.train.labels, return_index=True)
        first = first[:_ROWS]
        return [dataset.class_names[label] for label in labels[:_ROWS]], dataset.train.read(first)
    from kerasrecipes.data.reading.decoding import read_image
    from kerasrecipes.data.reading.image_search import image_paths
    from kerasrecipes.runs.prediction import DEFAULT_RESIZE

    height, width, channels = dataset.image_shape
    paths = image_paths(given)[:_ROWS]
    options = {"size": (height, width), "channels": channels}
    resize = dataset.resize or DEFAULT_RESIZE
    pictures = [read_image(path, resize=resize, **options) for path in paths]
    return [path.stem for path in paths], np.stack(pictures)


def _rows(built, names, originals):
    """Returns a row for each picture: itself, and draws, with the soft labels of what was mixed."""
    import numpy as np

    from kerasrecipes.data.augment import Augmentation
    from kerasrecipes.data.viewing.image_grids import ImageRow

    # Each picture counts as a class of its own here, so that labels tell what it was mixed with.
    own = np.arange(len(originals), dtype="int32")
    augmentation = Augmentation(built.augment, classes=len(originals))
    columns, soft_labels = [originals], []
    for draw in range(_DRAWS):
        key = np.array([built.recipe.seed, draw], "uint32")
        pixels, labels = augmentation.pixels(originals, own, key)
        columns.append(pixels)
        soft_labels.append(labels)
    mixed = augmentation.mixes_labels
    return [
        ImageRow(
            name,
            [column[row] for column in columns],
            ["", *(_mixture(drawn[row], names) for drawn in soft_labels)] if mixed else (),
        )
        for row, name in enumerate(names)
    ]


def _mixture(soft_label, names) -> str:
    """Returns what a picture was mixed of, such as `70% cat, 30% dog`."""
    largest = soft_label.argsort()[::-1][:2]
    return ", ".join(f"{soft_label[i]:.0%} {names[i]}" for i in largest if soft_label[i] >= 0.005)


COMMAND = Command(
    name="augment",
    help="draw a grid of a recipe's images as the network will see them",
    runs_code=True,
    takes="recipe",
    add_arguments=_add_arguments,
    run=_show_augmentation,
)
