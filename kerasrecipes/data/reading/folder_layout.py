"""Layout of a directory of images: its splits, classes and files, before any image is opened."""

import os
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from pathlib import Path

from kerasrecipes.base.checks import nearest
from kerasrecipes.base.text import listed, printable
from kerasrecipes.data.reading.folder_entries import (
    entries_in,
    files_below,
    folders_in,
    is_image,
    leads_up,
)

SPLIT_OF_FOLDER = {
    "train": "train",
    "training": "train",
    "val": "validation",
    "valid": "validation",
    "validation": "validation",
    "dev": "validation",
    "test": "test",
    "testing": "test",
}


@dataclass(frozen=True)
class FolderLayout:
    """The image files of a directory by split and class.

    Args:
        root: Path of the directory.
        class_names: Tuple of strings, with escapes for what is not UTF-8.
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
        cls,
        directory: str | os.PathLike,
        classes: Sequence[str] | None = None,
        known: Collection[str] = (),
    ) -> "FolderLayout":
        """Lists a directory of class folders, or of train, val and test folders that hold them.

        The subfolders of class folders are searched too, except for links to folders. If a class
        folder holds no images but several such subfolders, they may be the classes themselves, and
        `classes` must say that they are not. Hidden files are ignored.

        Args:
            directory: Path.
            classes: `None` for all class folders in alphabetical order, or a sequence of names.
            known: Names that are known to be classes, if `classes` is `None`.

        Raises:
            ValueError: If the directory is missing or empty, holds images without class folders or
                fewer than two classes, if it is not clear at which level the classes are, or if its
                splits do not have the same classes.
        """
        root = _existing(directory)
        folders = _split_folders(root, classes)
        names = {split: _class_names(folder, classes, known) for split, folder in folders.items()}
        class_names = names["train"]
        strays = [] if folders["train"] == root else _beside(root, folders.values())
        files: dict[str, list[tuple[str, ...]]] = {}
        for split, folder in folders.items():
            _check_same_classes(folders["train"], class_names, folder, names[split])
            strays += entries_in(folder)[1]
            files[split] = []
            for name in class_names:
                images, others = files_below(folder / name)
                strays += others
                files[split].append(tuple(sorted(_relative(path, root) for path in images)))
        skipped = tuple((_relative(path, root), _reason(path)) for path in strays)
        return cls(root, tuple(map(printable, class_names)), files, skipped)


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
    siblings = [path.name for path in folders_in(parent)] if parent.is_dir() else []
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
    folders = folders_in(root)
    if classes and set(classes) <= {folder.name for folder in folders}:
        return {"train": root}
    named = [folder for folder in folders if folder.name.lower() in SPLIT_OF_FOLDER]
    if not named or (len(named) < len(folders) and not any(map(folders_in, named))):
        return {"train": root}
    splits: dict[str, Path] = {}
    for folder in named:
        split = SPLIT_OF_FOLDER[folder.name.lower()]
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


def _class_names(
    folder: Path, classes: Sequence[str] | None, known: Collection[str]
) -> tuple[str, ...]:
    folders = folders_in(folder)
    names = [path.name for path in folders]
    if not names:
        images = sum(map(is_image, entries_in(folder)[1]))
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
        hint = f" Did you mean {str(folders[0])!r}?" if folders_in(folders[0]) else ""
        raise ValueError(
            f"{str(folder)!r} must hold the folders of at least two classes.{hint} "
            f"Received: only {names[0]!r}"
        )
    if classes is not None:
        return tuple(classes)
    for path in folders:
        if path.name not in known:
            _check_level(path, names)
    return tuple(names)


def _check_level(folder: Path, names: Sequence[str]) -> None:
    """Raises if a class folder holds no images but several folders of images."""
    inner = folder
    while True:
        folders, files = entries_in(inner)
        if any(map(is_image, files)):
            return
        below = [path for path in folders if not path.is_symlink() and any(files_below(path)[0])]
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


def _beside(root: Path, splits: Collection[Path]) -> list[Path]:
    folders, files = entries_in(root)
    return [folder for folder in folders if folder not in splits] + files


def _reason(path: Path) -> str:
    if leads_up(path):
        return "a link to a folder that it is in"
    if path.is_dir():
        return "a folder that is none of train, val and test"
    return "an image outside a class folder" if is_image(path) else "not an image file"


def _relative(path: Path, root: Path) -> str:
    return path.relative_to(root).as_posix()
