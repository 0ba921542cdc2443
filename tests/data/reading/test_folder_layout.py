import os

import pytest

from kerasrecipes.data.reading.folder_layout import FolderLayout
from kerasrecipes.data.reading.image_files import probe_files


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


@pytest.mark.parametrize(
    ("train", "validation", "test"),
    [
        ("Train", "val", "test"),
        ("train", "valid", "Test"),
        ("training", "validation", "testing"),
        ("TRAINING", "Val", "Testing"),
        ("train", "dev", "TEST"),
    ],
)
def test_split_folders(tmp_path, train, validation, test):
    for split in (train, validation, test):
        make(tmp_path, f"{split}/cat/1.png", f"{split}/dog/1.png")
    assert FolderLayout.read(tmp_path).files == {
        "train": [(f"{train}/cat/1.png",), (f"{train}/dog/1.png",)],
        "validation": [(f"{validation}/cat/1.png",), (f"{validation}/dog/1.png",)],
        "test": [(f"{test}/cat/1.png",), (f"{test}/dog/1.png",)],
    }


def test_training_beside_testing_are_no_classes(tmp_path):
    for split in ("training", "testing"):
        make(tmp_path, *(f"{split}/{name}/1.png" for name in "abc"))
    layout = FolderLayout.read(tmp_path)
    assert layout.class_names == ("a", "b", "c")
    assert list(layout.files) == ["train", "test"]


def test_a_class_may_have_the_name_of_a_split(tmp_path):
    make(tmp_path, "train/1.png", "car/1.png", "test/1.png")
    assert FolderLayout.read(tmp_path).class_names == ("car", "test", "train")


def test_classes_may_say_that_a_split_name_is_a_class(tmp_path):
    make(tmp_path, "training/indoors/1.png", "training/outdoors/1.png", "cooking/1.png")
    layout = FolderLayout.read(tmp_path, ["cooking", "training"])
    assert layout.files == {
        "train": [("cooking/1.png",), ("training/indoors/1.png", "training/outdoors/1.png")]
    }


@pytest.mark.parametrize(
    ("names", "seen", "setting"),
    [
        (["a/cat/1.png", "a/dog/1.png", "b/cat/1.png", "b/dog/1.png"], "'cat', 'dog'", "a"),
        (["cat/1.png", "dog/1.png", "old/cat/1.png", "old/dog/1.png"], "'cat', 'dog'", "old"),
        (["cat/train/1.png", "cat/test/1.png", "dog/1.png"], "'test', 'train'", "cat"),
        (["s_train/in/x/1.png", "s_train/in/y/1.png", "s_test/1.png"], "'x', 'y'", "s_train/in"),
        (["train/v/a/1.png", "train/v/b/1.png", "train/w/a/1.png"], "'a', 'b'", "train/v"),
        (["a/cat/s/1.png", "a/dog/s/1.png", "b/1.png"], "'cat', 'dog'", "a"),
    ],
)
def test_a_level_too_many_is_refused(tmp_path, names, seen, setting):
    make(tmp_path, *names)
    message = rf"Received: only folders, {seen}\..* directory='{tmp_path / setting}'; .*classes=\["
    with pytest.raises(ValueError, match=message):
        FolderLayout.read(tmp_path)


def test_images_of_a_class_in_several_folders_need_classes(tmp_path):
    make(tmp_path, "cat/1/a.png", "cat/2/b.png", "dog/c.png")
    layout = FolderLayout.read(tmp_path, ["cat", "dog"])
    assert layout.files == {"train": [("cat/1/a.png", "cat/2/b.png"), ("dog/c.png",)]}


def test_known_classes_need_no_argument(tmp_path):
    make(tmp_path, "cat/1/a.png", "cat/2/b.png", "dog/c.png")
    layout = FolderLayout.read(tmp_path, known=["cat", "dog", "owl"])
    assert layout.class_names == ("cat", "dog")
    with pytest.raises(ValueError, match="The class folder .*cat"):
        FolderLayout.read(tmp_path, known=["dog"])


def test_images_of_a_class_in_one_folder_within_its_own(tmp_path):
    for name in ("n01", "n02"):
        make(tmp_path, f"train/{name}/images/1.png", f"train/{name}/boxes/{name}.txt")
    layout = FolderLayout.read(tmp_path)
    assert layout.class_names == ("n01", "n02")
    assert layout.files == {"train": [("train/n01/images/1.png",), ("train/n02/images/1.png",)]}


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
    make(tmp_path, "train/cat/1.png", "train/dog/1.png", "extra/cat/1.png", "readme.txt")
    layout = FolderLayout.read(tmp_path)
    assert list(layout.files) == ["train"]
    assert layout.skipped == (
        ("extra", "a folder that is none of train, val and test"),
        ("readme.txt", "not an image file"),
    )


def test_links_that_lead_nowhere_are_named(tmp_path):
    make(tmp_path, "cat/1.png", "dog/1.png")
    for name in ("loop", "cat/2.png"):
        (tmp_path / name).symlink_to(tmp_path / name)
    (tmp_path / "all").symlink_to(tmp_path)
    (tmp_path / "dog/gone.png").symlink_to(tmp_path / "gone")
    layout = FolderLayout.read(tmp_path)
    assert layout.files == {"train": [("cat/1.png", "cat/2.png"), ("dog/1.png", "dog/gone.png")]}
    assert layout.skipped == (
        ("all", "a link to a folder that it is in"),
        ("loop", "not an image file"),
    )
    _, broken = probe_files(layout)
    assert "symbolic links" in broken["cat/2.png"]
    assert "no such file" in broken["dog/gone.png"]


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
            ["train/a/1.png", "Training/a/1.png"],
            r"one folder for train\. Received: '\S+Training' and '\S+train'",
        ),
        (["train/a/1.png", "val/a/1.png", "dev/a/1.png"], r"Received: '\S+dev' and '\S+val'"),
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
