import os

import pytest

from kerasrecipes.data.reading.folder_layout import FolderLayout


def make(root, *names):
    """Makes empty files, and folders for the names that end in a slash."""
    for name in names:
        path = root / name
        if name.endswith("/"):
            path.mkdir(parents=True, exist_ok=True)
        else:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.touch()
    return root


def test_class_folders(tmp_path):
    make(tmp_path, "dog/1.png", "cat/2.JPG", "cat/1.jpeg", "cat/10.bmp", "dog/sub/0.gif")
    layout = FolderLayout.read(tmp_path)
    assert layout.class_names == ("cat", "dog")
    assert layout.files == {
        "train": [("cat/1.jpeg", "cat/10.bmp", "cat/2.JPG"), ("dog/1.png", "dog/sub/0.gif")]
    }
    assert layout.skipped == ()


@pytest.mark.parametrize("validation", ["val", "valid", "validation", "Val"])
def test_split_folders(tmp_path, validation):
    for split in ("Train", "test", validation):
        make(tmp_path, f"{split}/cat/1.png", f"{split}/dog/1.png")
    assert FolderLayout.read(tmp_path).files == {
        "train": [("Train/cat/1.png",), ("Train/dog/1.png",)],
        "validation": [(f"{validation}/cat/1.png",), (f"{validation}/dog/1.png",)],
        "test": [("test/cat/1.png",), ("test/dog/1.png",)],
    }


def test_a_class_may_have_the_name_of_a_split(tmp_path):
    make(tmp_path, "train/1.png", "car/1.png", "test/1.png")
    assert FolderLayout.read(tmp_path).class_names == ("car", "test", "train")


def test_order_does_not_depend_on_the_file_system(tmp_path, monkeypatch):
    make(tmp_path, *(f"{name}/{number}.png" for name in "dbca" for number in range(20)))
    expected = FolderLayout.read(tmp_path)
    scandir = os.scandir

    class Reversed:
        def __init__(self, folder):
            with scandir(folder) as entries:
                self.entries = sorted(entries, key=lambda entry: entry.name, reverse=True)

        def __enter__(self):
            return iter(self.entries)

        def __exit__(self, *_):
            pass

    monkeypatch.setattr(os, "scandir", Reversed)
    assert FolderLayout.read(tmp_path) == expected
    assert expected.class_names == ("a", "b", "c", "d")


def test_hidden_files_and_junk_are_ignored_and_others_named(tmp_path):
    make(tmp_path, "cat/1.png", "dog/1.png", ".git/x.png", "__MACOSX/cat/1.png", ".DS_Store")
    make(tmp_path, "cat/Thumbs.db", "cat/.hidden.png", "dog/desktop.ini", "dog/.cache/1.png")
    make(tmp_path, "notes.md", "stray.png", "dog/sub/labels.csv")
    layout = FolderLayout.read(tmp_path)
    assert layout.files == {"train": [("cat/1.png",), ("dog/1.png",)]}
    assert layout.skipped == (
        ("notes.md", "not an image file"),
        ("stray.png", "an image outside a class folder"),
        ("dog/sub/labels.csv", "not an image file"),
    )


def test_folders_beside_the_splits_are_named(tmp_path):
    make(tmp_path, "train/cat/1.png", "train/dog/1.png", "testing/cat/1.png", "readme.txt")
    layout = FolderLayout.read(tmp_path)
    assert list(layout.files) == ["train"]
    assert layout.skipped == (
        ("testing", "a folder that is none of train, val and test"),
        ("readme.txt", "not an image file"),
    )


def test_linked_class_folders_are_read_and_loops_are_not(tmp_path):
    make(tmp_path, "elsewhere/1.png", "data/cat/1.png")
    (tmp_path / "data/dog").symlink_to(tmp_path / "elsewhere")
    (tmp_path / "data/cat/up").symlink_to(tmp_path / "data")
    assert FolderLayout.read(tmp_path / "data").files == {"train": [("cat/1.png",), ("dog/1.png",)]}


def test_classes_choose_and_order(tmp_path):
    make(tmp_path, *(f"{split}/{name}/1.png" for split in ("train", "test") for name in "abc"))
    make(tmp_path, "train/d/1.png")
    layout = FolderLayout.read(tmp_path, ["c", "a"])
    assert layout.class_names == ("c", "a")
    assert layout.files["test"] == [("test/c/1.png",), ("test/a/1.png",)]


@pytest.mark.parametrize(
    ("names", "message"),
    [
        ([], "must hold one folder of images for each class. Received: no images"),
        (["1.png", "2.jpg", "a.txt"], "Received: 2 images without labels"),
        (["cat/1.png"], "at least two classes. Received: only 'cat'"),
        (["data/cat/1.png", "data/dog/1.png"], r"two classes. Did you mean '\S+data'\?"),
        (["train/1.png", "test/1.png"], "train' must hold .* Received: 1 images without labels"),
        (["train/a/1.png", "train/b/1.png", "test/1.png"], "test' must hold .* without labels"),
        (["test/a/1.png", "test/b/1.png"], "must hold a folder 'train' beside 'test'"),
        (["train/a/", "train/b/", "val/a/", "val/b/", "valid/a/"], "one folder for validation"),
        (
            ["train/a/1.png", "train/b/1.png", "test/b/1.png", "test/c/1.png"],
            "same class folders; .*: 'a' only in 'train' and 'c' only in 'test'",
        ),
    ],
)
def test_other_layouts(tmp_path, names, message):
    make(tmp_path, *names)
    with pytest.raises(ValueError, match=message):
        FolderLayout.read(tmp_path)


def test_unknown_class(tmp_path):
    make(tmp_path, "cat/1.png", "dog/1.png")
    with pytest.raises(ValueError, match="'cat', 'dog'. Did you mean 'cat'. Received: 'cats'"):
        FolderLayout.read(tmp_path, ["cats", "dog"])


def test_missing_directory(tmp_path):
    make(tmp_path, "flowers/")
    with pytest.raises(ValueError, match=r"existing directory .* Did you mean 'flowers'\?"):
        FolderLayout.read(tmp_path / "flower")
    with pytest.raises(ValueError, match="existing directory"):
        FolderLayout.read(tmp_path / "no" / "such" / "path")


def test_a_file_instead_of_a_directory(tmp_path):
    make(tmp_path, "flowers.zip")
    with pytest.raises(ValueError, match=r"unpack an archive first. Received: the file .*\.zip"):
        FolderLayout.read(tmp_path / "flowers.zip")
