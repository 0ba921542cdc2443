"""What the commands share that take images in place of a recipe."""

import argparse
import contextlib
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from kerasrecipes.cli.arguments import changes_of

WHAT = (
    "images: a folder of class folders, an .npz file, a .csv file of files and classes, or "
    "tfds:NAME"
)
_NAMES = ("minutes", "backbone", "weights", "image_size", "from_scratch", "script")


def add_images_options(parser: argparse.ArgumentParser) -> None:
    """Adds the options by which a recipe is chosen for images."""
    group = parser.add_argument_group("for images in place of a recipe")
    group.add_argument(
        "--minutes", type=float, metavar="N", help="the time for everything (default: 10)"
    )
    group.add_argument(
        "--backbone",
        metavar="NAME",
        help="the pretrained network (default: what can be had and trained in time)",
    )
    group.add_argument("--weights", metavar="FILE", help="a file with the weights of --backbone")
    group.add_argument(
        "--image-size",
        type=int,
        metavar="N",
        help="the side of the images that the network is given, in pixels",
    )
    group.add_argument("--from-scratch", action="store_true", help="use no pretrained weights")
    group.add_argument(
        "--script",
        metavar="FILE",
        help="where the recipe is written, with a reason for each choice (default: NAME.py)",
    )


def are_images(given: str) -> bool:
    """Returns whether an argument stands for images, and not for a recipe or a run."""
    from kerasrecipes.proposals.images import given_images  # A slow import, with the registry.

    return given_images.are_images(given)


@contextlib.contextmanager
def settings_by_set() -> Iterator[None]:
    """Adds to an error about images how the settings that it names are typed."""
    try:
        yield
    except ValueError as error:
        if any(f"{name}=" in str(error) for name in ("classes", "broken_fraction", "directory")):
            error.add_note(
                "A setting is typed as in --set data.broken_fraction=0.1 or --set "
                '\'data.classes=["a", "b"]\', another folder in place of this one.'
            )
        raise


def check_no_images_options(arguments: argparse.Namespace) -> None:
    """Raises a `ValueError` if an option is given that is for images only."""
    for name in _NAMES:
        if getattr(arguments, name):
            raise ValueError(
                f"`--{name.replace('_', '-')}` is for {WHAT}. A value of a recipe is changed by "
                "--set"
            )


def images_options(arguments: argparse.Namespace) -> dict[str, Any]:
    """Returns the arguments of `train_folder`, but for the images.

    Raises:
        ValueError: If `--name` and `--script` are given.
    """
    options = {name: getattr(arguments, name) for name in _NAMES}
    if arguments.name:
        if options["script"]:
            raise ValueError("Give `--name` or `--script`, which names the runs too, not both.")
        options["script"] = f"{Path(os.path.basename(arguments.name)).stem}.py"
    return {
        **options,
        "changes": changes_of(arguments),
        "directory": arguments.directory or "saved_models",
    }
