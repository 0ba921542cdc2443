"""Layout of a directory of images: its splits, classes and files, before any image is opened."""

import os
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from pathlib import Path

from kerasrecipes.base.checks import nearest
from kerasrecipes.base.text import listed
from kerasrecipes.data.reading.decoding import IMAGE_EXTENSIONS

_SPLIT_OF_FOLDER = {
    "train": "train",
    "training": "train",
    "val": "validation",
    "valid": "validation",
    "validation": "validation",
    "dev": "validation",
    "test": "test",
    "testing": "test",
}

# Left behind by file managers, archivers and indexers, besides names that start with a dot.
_JUNK = {"@eadir", "__macosx", "desktop.ini", "thumbs.db"}


@dataclass(frozen=True)
class FolderLayout:
    """The image files of a directory by split and class.

    Args:
        root: Path of the directory.
        class_names: Tuple of strings.
        files: Dict from split to one tuple of file names for each class; sorted, relative to
            `root`, with `/` between folders. `"train"` comes first and always exists;
            `"validation"` and `"test"` exist if they have a folder of their own.
        skipped: Tuple of pairs `(name, reason)`: the files that are no image of a class.
    """

    root: Path
    class_names: tuple[str, ...]
    files: dict[str, list[tuple[str, ...]]]
    skipped: tuple[tuple[str, str], ...]

    @classmethod
    def read(
        cls, directory: str | os.PathLike, classes: Sequence[str] | None = None
    ) -> "FolderLayout":
        """Lists a directory of class folders, or of train, val and test folders that hold them.

        The subfolders of class folders are searched too, except for links to folders. If a class
        folder holds no images but several such subfolders, they may be the classes themselves, and
        `classes` must say that they are not. Hidden files are ignored.

        Args:
            directory: Path.
            classes: `None` for all class folders in alphabetical order, or a sequence of names.

        Raises:
            ValueError: If the directory is missing or empty, holds images without class folders or
                fewer than two classes, if it is not clear at which level the classes are, or if its
                splits do not have the same classes.
        """
        root = _existing(directory)
        folders = _split_folders(root, classes)
        names = {split: _class_names(folder, classes) for split, folder in folders.items()}
        class_names = names["train"]
        strays = [] if folders["train"] == root else _beside(root, folders.values())
        files: dict[str, list[tuple[str, ...]]] = {}
        for split, folder in folders.items():
            _check_same_classes(folders["train"], class_names, folder, names[split])
            strays += _entries(folder)[1]
            files[split] = []
            for name in class_names:
                images, others = _files_below(folder / name)
                strays += others
                files[split].append(tuple(sorted(_relative(path, root) for path in images)))
        skipped = tuple((_relative(path, root), _reason(path)) for path in strays)
        return cls(root, class_names, files, skipped)


def _existing(directory: str | os.PathLike) -> Path:
    root = Path(directory).expanduser()
    if root.is_dir():
        return root
    if root.exists():
        raise ValueError(
            "`directory` must be a directory of images; unpack an archive first. "
            f"Received: the file {str(root)!r}"
        )
    parent = root.absolute().parent
    siblings = [path.name for path in _folders(parent)] if parent.is_dir() else []
    raise ValueError(
        f"`directory` must be an existing directory of images.{nearest(root.name, siblings)} "
        f"Received: directory={str(root)!r}"
    )


def _split_folders(root: Path, classes: Sequence[str] | None) -> dict[str, Path]:
    """Returns the folder of each split, train first.

    A class may be called "train". So folders named like splits are taken for splits only if one of
    them holds folders, or if there are no other folders, and not if `classes` names them. Otherwise
    the directory holds classes, and is itself the folder of the training split.
    """
    folders = _folders(root)
    if classes and set(classes) <= {folder.name for folder in folders}:
        return {"train": root}
    named = [folder for folder in folders if folder.name.lower() in _SPLIT_OF_FOLDER]
    if not named or (len(named) < len(folders) and not any(map(_folders, named))):
        return {"train": root}
    splits: dict[str, Path] = {}
    for folder in named:
        split = _SPLIT_OF_FOLDER[folder.name.lower()]
        if split in splits:
            raise ValueError(
                f"`directory` must hold only one folder for {split}. "
                f"Received: {str(splits[split])!r} and {str(folder)!r}. Move one elsewhere."
            )
        splits[split] = folder
    if "train" not in splits:
        raise ValueError(
            f"`directory` must hold a folder 'train' beside {named[0].name!r}. "
            f"Received: {str(root)!r} with {listed(repr(folder.name) for folder in folders)}"
        )
    order = ("train", "validation", "test")
    return {split: splits[split] for split in order if split in splits}


def _class_names(folder: Path, classes: Sequence[str] | None) -> tuple[str, ...]:
    folders = _folders(folder)
    names = [path.name for path in folders]
    if not names:
        images = sum(map(_is_image, _entries(folder)[1]))
        held = f"{images} images without labels" if images else "no images"
        raise ValueError(
            f"{str(folder)!r} must hold one folder of images for each class. Received: {held}"
        )
    unknown = [name for name in classes or () if name not in names]
    if unknown:
        raise ValueError(
            f"`classes` must name folders in {str(folder)!r}: {listed(map(repr, names))}."
            f"{nearest(unknown[0], names)} Received: {unknown[0]!r}"
        )
    if len(names) == 1:
        hint = f" Did you mean {str(folders[0])!r}?" if _folders(folders[0]) else ""
        raise ValueError(
            f"{str(folder)!r} must hold the folders of at least two classes.{hint} "
            f"Received: only {names[0]!r}"
        )
    if classes is not None:
        return tuple(classes)
    for path in folders:
        _check_level(path, names)
    return tuple(names)


def _check_level(folder: Path, names: Sequence[str]) -> None:
    """Raises if a class folder holds no images but several folders of images."""
    inner = folder
    while True:
        folders, files = _entries(inner)
        if any(map(_is_image, files)):
            return
        below = [path for path in folders if not path.is_symlink() and any(_files_below(path)[0])]
        if len(below) != 1:
            break
        inner = below[0]
    if below:
        raise ValueError(
            f"The class folder {str(folder)!r} must hold images. Received: only folders, "
            f"{listed(repr(path.name) for path in below)}. If these are the classes, set "
            f"directory={str(inner)!r}; if their images are all of class {folder.name!r}, set "
            f"classes=[{listed(map(repr, names))}]. Folders of splits are called train, val and "
            "test."
        )


def _check_same_classes(
    train: Path, train_names: Sequence[str], other: Path, other_names: Sequence[str]
) -> None:
    surplus = {
        train.name: sorted(set(train_names) - set(other_names)),
        other.name: sorted(set(other_names) - set(train_names)),
    }
    only = [
        f"{listed(map(repr, names))} only in {folder!r}"
        for folder, names in surplus.items()
        if names
    ]
    if only:
        raise ValueError(
            f"{train.name!r} and {other.name!r} must hold the same class folders; `classes` can "
            f"choose those to use. Received: {' and '.join(only)}"
        )


def _files_below(folder: Path) -> tuple[list[Path], list[Path]]:
    """Returns the image files in a folder and its subfolders, and the other files."""
    folders, files = _entries(folder)
    images = [path for path in files if _is_image(path)]
    others = [path for path in files if not _is_image(path)]
    for inner in folders:
        if not inner.is_symlink():  # A link may lead back up.
            inner_images, inner_others = _files_below(inner)
            images += inner_images
            others += inner_others
    return images, others


def _beside(root: Path, splits: Collection[Path]) -> list[Path]:
    folders, files = _entries(root)
    return [folder for folder in folders if folder not in splits] + files


def _folders(folder: Path) -> list[Path]:
    return _entries(folder)[0]


def _entries(folder: Path) -> tuple[list[Path], list[Path]]:
    """Returns the folders and the files in a folder, sorted by name, without hidden ones."""
    with os.scandir(folder) as entries:
        found = sorted((entry.name, entry.is_dir()) for entry in entries)
    folders: list[Path] = []
    files: list[Path] = []
    for name, is_folder in found:
        if not name.startswith(".") and name.lower() not in _JUNK:
            (folders if is_folder else files).append(folder / name)
    return folders, files


def _is_image(path: Path) -> bool:
    return path.suffix.lower() in IMAGE_EXTENSIONS


def _reason(path: Path) -> str:
    if path.is_dir():
        return "a folder that is none of train, val and test"
    return "an image outside a class folder" if _is_image(path) else "not an image file"


def _relative(path: Path, root: Path) -> str:
    return path.relative_to(root).as_posix()
