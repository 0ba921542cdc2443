"""`augment`: what a network will see of a recipe's images."""

import argparse
from collections.abc import Sequence

from kerasrecipes.cli.sheets import add_grid, grid_path

# Pictures of the sheet: rows, and draws beside each original.
_ROWS, _DRAWS = 12, 10


def add_augment(parser: argparse.ArgumentParser) -> None:
    """Adds the arguments of `augment`, but not the recipe."""
    parser.add_argument(
        "images",
        nargs="*",
        metavar="image",
        help="a file, a folder, or a pattern in quotes (default: a training image of each class)",
    )
    add_grid(parser, "NAME-augment.png", "originals, and what is made of them at random")


def show_augmentation(
    recipe, name: str, images: Sequence[str] = (), sheet: str | None = None
) -> None:
    """Draws a sheet of pictures as a recipe augments them.

    Args:
        recipe: A `Recipe`.
        name: What its runs are called.
        images: Files, folders and patterns. Defaults to a training image of each class.
        sheet: Path of the PNG file to write. Defaults to `<name>-augment.png`.

    Raises:
        ValueError: If the recipe does not augment.
    """
    from kerasrecipes.base.files import replacing
    from kerasrecipes.data.viewing.image_grids import image_grid
    from kerasrecipes.training.build import build_recipe

    path = grid_path(sheet or f"{name}-augment.png")
    if not recipe.augment:
        raise ValueError(
            "The recipe does not augment: give it layers, such as --set augment=RandomFlip."
        )
    built = build_recipe(recipe, recipe.data.build("data").load())
    names, originals = _originals(built.dataset, images)
    with replacing(path) as temporary:
        image_grid(_rows(built, names, originals)).save(temporary)
    print(f"sheet: {path}")


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
    """Returns a row for each picture: itself, and draws, with the shares of what was mixed."""
    import keras
    import numpy as np

    from kerasrecipes.data.augment import Augmentation
    from kerasrecipes.data.viewing.image_grids import ImageRow

    # Each picture counts as a class of its own here, so that shares tell what it was mixed with.
    own = np.arange(len(originals), dtype="int32")
    augmentation = Augmentation(built.augment, classes=len(originals))
    columns, shares = [originals], []
    for draw in range(_DRAWS):
        words = np.array([built.recipe.seed, draw], "uint32")
        images, labels = augmentation(originals, own, words)
        pixels = keras.ops.convert_to_numpy(keras.ops.cast(images, "float32"))
        columns.append(np.clip(np.round(pixels), 0, 255).astype("uint8"))
        shares.append(keras.ops.convert_to_numpy(labels))
    mixed = augmentation.mixes_labels
    return [
        ImageRow(
            name,
            [column[row] for column in columns],
            ["", *(_shares(drawn[row], names) for drawn in shares)] if mixed else (),
        )
        for row, name in enumerate(names)
    ]


def _shares(shares, names) -> str:
    """Returns what a picture was mixed of, such as `70% cat, 30% dog`."""
    largest = shares.argsort()[::-1][:2]
    return ", ".join(f"{shares[i]:.0%} {names[i]}" for i in largest if shares[i] >= 0.005)
