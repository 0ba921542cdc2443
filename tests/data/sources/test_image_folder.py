import json
import os
import shutil
import sys

import numpy as np
import pytest
from PIL import Image

from kerasrecipes.data import ImageFolder
from kerasrecipes.data.reading.decoding import BrokenImageError
from kerasrecipes.data.split import ArraySplit, FileSplit

RANDOM = np.random.default_rng(0)
CLASSES = ("cat", "dog", "owl")
FOLDERS = ("animals", "train", "val", "valid", "test")


def write_images(folder, number, size=(6, 4)):
    """Writes images whose colour tells the class, the number and the folder."""
    for label, name in enumerate(CLASSES):
        (folder / name).mkdir(parents=True, exist_ok=True)
        for index in range(number):
            colour = (label, index, FOLDERS.index(folder.name))
            Image.new("RGB", size[::-1], colour).save(folder / name / f"{index:03}.png")


@pytest.fixture(scope="module")
def flat(tmp_path_factory):
    directory = tmp_path_factory.mktemp("flat") / "animals"
    write_images(directory, 40)
    return directory


@pytest.fixture
def copy(flat, tmp_path):
    return shutil.copytree(flat, tmp_path / "animals")


def load(directory, **options):
    return ImageFolder(str(directory), **options).load()


def contents(split):
    images = split.read(np.arange(len(split)))
    assert (images == images[:, :1, :1]).all()
    assert (images[:, 0, 0, 0] == split.labels).all()
    return {tuple(colour) for colour in images[:, 0, 0].tolist()}


def test_one_folder_is_split_by_fractions(flat):
    data = load(flat, validation_fraction=0.1, test_fraction=0.25)
    assert data.sizes == {"train": 78, "validation": 12, "test": 30}
    assert data.class_counts() == {"train": [26] * 3, "validation": [4] * 3, "test": [10] * 3}
    parts = [contents(split) for split in data.splits.values()]
    assert set.union(*parts) == {(label, index, 0) for label in range(3) for index in range(40)}
    assert data.class_names == CLASSES
    assert data.image_shape == (6, 4, 3)
    assert data.source == "image folder 'animals'"
    assert data.resize is None
    assert data.skipped == ()


def test_without_a_test_fraction_there_is_no_test_split(flat):
    assert load(flat).sizes == {"train": 108, "validation": 12}


@pytest.mark.parametrize(
    ("folders", "options", "sizes"),
    [
        ({"train": 20, "val": 3, "test": 2}, {}, {"train": 60, "validation": 9, "test": 6}),
        ({"train": 20, "test": 2}, {}, {"train": 54, "validation": 6, "test": 6}),
        ({"train": 20, "valid": 3}, {}, {"train": 60, "validation": 9}),
        (
            {"train": 20, "val": 3},
            {"test_fraction": 0.2},
            {"train": 48, "validation": 9, "test": 12},
        ),
        ({"train": 20}, {"test_fraction": 0.2}, {"train": 42, "validation": 6, "test": 12}),
    ],
)
def test_what_has_no_folder_is_drawn_from_train(tmp_path, folders, options, sizes):
    for name, number in folders.items():
        write_images(tmp_path / name, number)
    data = load(tmp_path, **options)
    assert data.sizes == sizes
    drawn = [contents(split) for split in data.splits.values()]
    assert sum(map(len, drawn)) == len(set.union(*drawn))


@pytest.mark.parametrize("options", [{"examples_per_class": 5}, {"validation_fraction": 0.3}])
def test_the_test_split_does_not_depend_on(flat, options):
    before, after = load(flat, test_fraction=0.2), load(flat, test_fraction=0.2, **options)
    assert before.test.digest() == after.test.digest()
    assert before.train.digest() != after.train.digest()


def test_examples_per_class(flat):
    all_of_them, few = load(flat), load(flat, examples_per_class=5)
    assert few.class_counts() == {"train": [5] * 3, "validation": [4] * 3}
    assert few.validation.digest() == all_of_them.validation.digest()
    assert contents(few.train) < contents(all_of_them.train)


def test_classes(flat):
    data = load(flat, classes=["owl", "cat"])
    assert data.class_names == ("owl", "cat")
    red = data.train.images[:, 0, 0, 0]
    np.testing.assert_array_equal(data.train.labels, np.where(red == CLASSES.index("owl"), 0, 1))
    assert set(red.tolist()) == {CLASSES.index("owl"), CLASSES.index("cat")}


def test_streamed_and_in_memory_are_the_same_images(flat):
    options = {"test_fraction": 0.2, "image_size": (5, 7), "resize": "pad", "channels": 1}
    memory = load(flat, in_memory=True, **options)
    stream = load(flat, in_memory=False, **options)
    for name, split in memory.splits.items():
        streamed = stream.splits[name]
        assert isinstance(split, ArraySplit)
        assert isinstance(streamed, FileSplit)
        np.testing.assert_array_equal(split.labels, streamed.labels)
        np.testing.assert_array_equal(split.images, streamed.read(range(len(streamed))))
    assert memory.image_shape == stream.image_shape == (5, 7, 1)


def test_large_sets_stream(flat, monkeypatch):
    all_bytes = 120 * 6 * 4 * 3
    monkeypatch.setattr("kerasrecipes.data.sources.options.MEMORY_LIMIT_BYTES", all_bytes)
    assert isinstance(load(flat).train, ArraySplit)
    monkeypatch.setattr("kerasrecipes.data.sources.options.MEMORY_LIMIT_BYTES", all_bytes - 1)
    assert isinstance(load(flat).train, FileSplit)
    assert isinstance(load(flat, examples_per_class=5).train, ArraySplit)
    assert isinstance(load(flat, in_memory=True).train, ArraySplit)


@pytest.mark.parametrize("in_memory", [True, False])
def test_hash_does_not_depend_on_the_place(flat, copy, in_memory):
    here, there = (load(path, in_memory=in_memory) for path in (flat, copy))
    assert here.hash == there.hash
    (copy / "cat" / "000.png").unlink()
    assert load(copy, in_memory=in_memory).hash != here.hash


@pytest.mark.parametrize("in_memory", [True, False])
def test_hash_tells_an_image_from_another_of_equal_size(tmp_path, in_memory):
    for index in range(20):
        path = tmp_path / "ab"[index % 2] / f"{index}.bmp"
        path.parent.mkdir(exist_ok=True)
        Image.new("RGB", (4, 6), (index, 0, 0)).save(path)
    before, size = load(tmp_path, in_memory=in_memory).hash, path.stat().st_size
    assert load(tmp_path, in_memory=in_memory).hash == before
    Image.new("RGB", (4, 6), (99, 0, 0)).save(path)
    assert path.stat().st_size == size
    assert load(tmp_path, in_memory=in_memory).hash != before


def test_a_read_image_is_the_one_of_its_label_whatever_the_split_seed(flat):
    digests = set()
    for seed in range(3):
        data = load(flat, split_seed=seed)
        contents(data.train)
        digests.add(data.validation.digest())
    assert len(digests) == 3


def test_sizes_that_differ_need_a_size(copy):
    Image.new("RGB", (9, 9)).save(copy / "dog" / "large.png")
    with pytest.raises(ValueError, match=r"such as image_size=\(6, 4\).* 6x4 \(120\), 9x9 \(1\)"):
        load(copy)
    data = load(copy, image_size=6, resize="stretch")
    assert data.image_shape == (6, 6, 3)
    assert data.resize == "stretch"


@pytest.fixture
def damaged(tmp_path):
    """300 images, an empty one, one that is a text, a truncated one and a text beside them."""
    directory = tmp_path / "animals"
    write_images(directory, 100)
    (directory / "dog" / "empty.png").touch()
    (directory / "owl" / "notes.txt").write_text("owls")
    (directory / "owl" / "web page.jpg").write_text("<html>")
    truncated = directory / "cat" / "truncated.png"
    Image.fromarray(RANDOM.integers(0, 256, (6, 4, 3), np.uint8)).save(truncated)
    truncated.write_bytes(truncated.read_bytes()[:-40])
    return directory


def test_broken_images_are_named_and_skipped(damaged):
    data = load(damaged)
    assert sum(data.sizes.values()) == 300
    names, reasons = zip(*data.skipped, strict=True)
    assert names == ("owl/notes.txt", "dog/empty.png", "owl/web page.jpg", "cat/truncated.png")
    assert reasons[0] == "not an image file"
    assert "empty" in reasons[1]
    assert "its content is not" in reasons[2]
    assert "truncated" in reasons[3]


def test_damage_behind_the_header_is_found_when_streamed_images_are_read(damaged):
    data = load(damaged, in_memory=False)
    assert sum(data.sizes.values()) == 301
    assert [name for name, _ in data.skipped][1:] == ["dog/empty.png", "owl/web page.jpg"]
    with pytest.raises(BrokenImageError, match=r"cat/truncated\.png cannot be read: .*truncated"):
        data.train.read(range(len(data.train)))


def test_more_than_one_percent_broken(damaged):
    (damaged / "owl" / "another.jpg").write_text("<html>")
    with pytest.raises(ValueError, match=r"At most 1% .* Received: 4 of 304\.") as info:
        load(damaged, broken_fraction=0.01)
    named = [line.split(":")[0] for line in str(info.value).splitlines()[1:]]
    assert named == [
        "  dog/empty.png",
        "  owl/another.jpg",
        "  owl/web page.jpg",
        "  cat/truncated.png",
    ]


@pytest.mark.parametrize("in_memory", [True, False])
def test_one_broken_file_of_87_photographs_is_named_and_skipped(tmp_path, in_memory):
    write_images(tmp_path / "animals", 29)
    (tmp_path / "animals" / "dog" / "003.png").write_bytes(b"")
    data = load(tmp_path / "animals", in_memory=in_memory)
    assert sum(data.sizes.values()) == 86
    assert data.skipped == (("dog/003.png", "the file is empty (zero bytes)"),)
    with pytest.raises(ValueError, match="Received: 1 of 87"):
        load(tmp_path / "animals", in_memory=in_memory, broken_fraction=0)


@pytest.mark.skipif(sys.platform != "linux", reason="other systems refuse such names")
@pytest.mark.parametrize("in_memory", [True, False])
def test_names_that_are_not_utf_8(copy, in_memory):
    owl = os.fsdecode(b"h\xfbou")
    (copy / "owl").rename(copy / owl)
    for name in (b"caf\xe9.txt", b"broken\xe9.png"):
        (copy / owl / os.fsdecode(name)).write_text("text")
    Image.new("RGB", (4, 6), (2, 99, 0)).save(copy / owl / os.fsdecode(b"caf\xe9.png"))
    data = load(copy, in_memory=in_memory)
    assert data.class_names == ("cat", "dog", r"h\xfbou")
    assert sum(data.sizes.values()) == 121
    assert [name for name, _ in data.skipped] == [
        r"h\xfbou/caf\xe9.txt",
        r"h\xfbou/broken\xe9.png",
    ]
    assert (2, 99, 0) in contents(data.train) | contents(data.validation)
    assert json.dumps(data.to_dict(), ensure_ascii=False).encode()
    for split in data.splits.values():
        assert all(split.name(index).encode() for index in range(len(split)))


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="this system has no such pipes")
def test_a_pipe_is_skipped(copy):
    os.mkfifo(copy / "cat" / "x.png")
    assert load(copy).skipped == (("cat/x.png", "it is not a regular file"),)


def test_other_files_are_not_broken_images(copy):
    for index in range(120):
        (copy / "cat" / f"{index}.txt").touch()
    assert len(load(copy).skipped) == 120


def test_a_class_folder_without_images(copy):
    (copy / "pig").mkdir()
    with pytest.raises(ValueError, match="Received: none of class 'pig' for train"):
        load(copy)
    assert load(copy, classes=["cat", "dog"]).class_names == ("cat", "dog")


def test_a_class_with_too_few_images(copy):
    (copy / "pig").mkdir()
    Image.new("RGB", (4, 6)).save(copy / "pig" / "1.png")
    with pytest.raises(ValueError, match="Received: 1 of class 'pig'"):
        load(copy)


def test_a_test_fraction_beside_a_test_folder(tmp_path):
    write_images(tmp_path / "train", 5)
    write_images(tmp_path / "test", 5)
    with pytest.raises(ValueError, match="`test_fraction` must be None if .* folder 'test'"):
        load(tmp_path, test_fraction=0.2)


def test_a_path_is_taken_too(flat):
    assert ImageFolder(flat).load().hash == load(flat).hash


@pytest.mark.parametrize(
    ("options", "error", "message"),
    [
        ({"directory": None}, TypeError, "`directory` must be a string or path"),
        ({"resize": "crops"}, ValueError, "Did you mean 'crop'"),
        ({"channels": 4}, ValueError, "`channels` must be one of 1, 3"),
        ({"in_memory": "yes"}, ValueError, "`in_memory` must be one of None, True, False"),
        ({"image_size": (32,)}, ValueError, "a pair"),
        ({"broken_fraction": 2}, ValueError, r"`broken_fraction` must be a number in \[0, 1\]"),
        ({"classes": ["cat"]}, ValueError, "at least two classes"),
        ({"validation_fraction": 0.6, "test_fraction": 0.6}, ValueError, "sum must be less than 1"),
    ],
)
def test_options_out_of_range(options, error, message):
    with pytest.raises(error, match=message):
        ImageFolder(**({"directory": "images"} | options))
