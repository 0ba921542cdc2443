"""The data source that a path or a name of images stands for."""

import os
from collections.abc import Mapping
from pathlib import Path

from kerasrecipes.base.checks import nearest
from kerasrecipes.recipe.spec import Spec, use

# Before the name of a data set of TensorFlow Datasets, which a path could have too.
TFDS_PREFIX = "tfds:"

_SOURCES = {".npz": "Npz", ".csv": "ImageTable"}


def are_images(given: str | os.PathLike) -> bool:
    """Returns whether a path or name stands for images, and not for a recipe or a run.

    Images are a folder without recipe.json, an `.npz` or `.csv` file, or `tfds:` and a name. This
    is the one place that tells them from recipes.
    """
    path = Path(given).expanduser()
    if path.is_dir():
        return not (path / "recipe.json").is_file()
    return str(given).startswith(TFDS_PREFIX) or path.suffix.lower() in _SOURCES


def images_source(given: str | os.PathLike, options: Mapping[str, object] | None = None) -> Spec:
    """Returns the data source that a path or a name of images stands for.

    Args:
        given: A folder of class folders, an `.npz` file, a `.csv` file of files and classes, or
            `"tfds:NAME"`.
        options: Further options of the source.

    Raises:
        ValueError: If it is none of these, or the source has no such option.

    Example:

    >>> images_source("tfds:beans"), images_source("animals.csv", {"classes": ["cat", "dog"]})
    (use('TFDS', name='beans'), use('ImageTable', path='animals.csv', classes=('cat', 'dog')))
    """
    text, options = str(given), dict(options or {})
    path = Path(text).expanduser()
    if text.startswith(TFDS_PREFIX):
        return use("TFDS", **{"name": text.removeprefix(TFDS_PREFIX), **options})
    if path.suffix.lower() in _SOURCES and not path.is_dir():
        return use(_SOURCES[path.suffix.lower()], **{"path": text, **options})
    if path.is_dir():
        _check_no_runs(path)
        return use("ImageFolder", **{"directory": text, **options})
    parent = path.absolute().parent
    siblings = [p.name for p in parent.iterdir()] if parent.is_dir() else []
    raise ValueError(
        "Expected images: a folder of class folders, an .npz file, a .csv file of files and "
        f"classes, or {TFDS_PREFIX}NAME for a data set of TensorFlow Datasets."
        f"{nearest(path.name, siblings)} Received: {text!r}"
    )


def name_of(given: str | os.PathLike) -> str:
    """Returns a name for what is made of images: a Python identifier.

    Example:

    >>> name_of("~/my photos/"), name_of("tfds:eurosat/rgb"), name_of("2024.npz")
    ('my_photos', 'eurosat_rgb', 'images_2024')
    """
    text = str(given)
    if text.startswith(TFDS_PREFIX):
        stem = text.removeprefix(TFDS_PREFIX)
    else:
        path = Path(os.path.abspath(Path(text).expanduser()))
        stem = path.name if path.is_dir() or path.suffix.lower() not in _SOURCES else path.stem
    letters = "".join(c if c.isascii() and c.isalnum() else "_" for c in stem).strip("_")
    return letters if letters[:1].isalpha() else f"images_{letters}".rstrip("_")


def _check_no_runs(folder: Path) -> None:
    runs = sorted(path.parent.name for path in folder.glob("*/recipe.json"))
    if runs:
        raise ValueError(
            f"{str(folder)!r} holds runs, no images: `kerasrecipes train {folder / runs[0]}` goes "
            "on with one of them. Expected: a folder with a folder of images for each class"
        )
