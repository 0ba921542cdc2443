"""Images that a CSV file lists: columns, splits, and what is wrong with a table."""

import numpy as np
import pytest
from PIL import Image

from kerasrecipes.data import ImageFolder, ImageTable

SHADES = {"dark": 40, "light": 200}


@pytest.fixture
def photographs(tmp_path):
    """Twelve images of each class, in a folder `photos`; returns rows of file and class."""
    folder = tmp_path / "photos"
    rows = []
    for name, shade in SHADES.items():
        (folder / name).mkdir(parents=True)
        for number in range(12):
            file = f"{name}/{number}.png"
            Image.new("RGB", (12, 10), (shade, shade, number)).save(folder / file)
            rows.append((f"photos/{file}", name))
    return rows


@pytest.fixture
def table(tmp_path):
    """Writes lines to a table beside the folder, and returns its path."""

    def write(*lines):
        path = tmp_path / "table.csv"
        path.write_text("\n".join(lines) + "\n", "utf-8")
        return path

    return write


def _lines(rows):
    return [",".join(row) for row in rows]


@pytest.mark.parametrize("header", [["file,class"], ["Filename, Label"], []])
def test_a_table_is_read_as_the_folder_would_be(photographs, table, tmp_path, header):
    read = ImageTable(table(*header, *_lines(photographs)), test_fraction=0.25).load()
    expected = ImageFolder(tmp_path / "photos", test_fraction=0.25).load()
    assert read.class_names == expected.class_names == ("dark", "light")
    assert read.sizes == expected.sizes
    for name, split in read.splits.items():
        np.testing.assert_array_equal(split.labels, expected.splits[name].labels)
        np.testing.assert_array_equal(
            split.read(range(len(split))), expected.splits[name].read(range(len(split)))
        )


def test_columns_may_have_names_of_their_own(photographs, table):
    lines = [f"7,{name},{file}" for file, name in photographs]
    given = {"file_column": "picture", "class_column": "what"}
    data = ImageTable(table("n,what,picture", *lines), **given).load()
    assert sum(data.sizes.values()) == 24


def test_splits_are_those_of_the_table(photographs, table):
    splits = ["train", "train", "val", "test"] * 6
    lines = [f"{file},{name},{s}" for (file, name), s in zip(photographs, splits, strict=True)]
    data = ImageTable(table("path,label,split", *lines)).load()
    assert data.sizes == {"train": 12, "validation": 6, "test": 6}


def test_classes_are_chosen_and_numbered_in_the_order_given(photographs, table):
    data = ImageTable(table(*_lines(photographs)), classes=["light", "dark"]).load()
    shades = [SHADES[data.class_names[label]] for label in data.train.labels]
    np.testing.assert_array_equal(data.train.read(range(len(data.train)))[:, 0, 0, 0], shades)


def test_a_few_missing_files_are_skipped_and_named(photographs, table):
    data = ImageTable(table("file,class", "gone.png,dark", *_lines(photographs))).load()
    ((name, reason),) = data.skipped
    assert name == "gone.png"
    assert reason == "there is no such file"
    assert sum(data.sizes.values()) == 24


def test_many_missing_files_are_refused_by_name(photographs, table):
    gone = [f"gone{n}.png,dark" for n in range(6)]
    with pytest.raises(ValueError, match=r"6 of 30.*\n.*gone0\.png: there is no such file"):
        ImageTable(table("file,class", *gone, *_lines(photographs))).load()


@pytest.mark.parametrize(
    ("lines", "message"),
    [
        ([], "a row for each image. Received: an empty file"),
        (["photograph,class", "a.png,x"], "`file_column` must name a column.*Usual names are"),
        (["file,kind", "a.png,x"], "`class_column` must name a column"),
        (["file,class", "a.png,"], "a file and a class. Received: row 2"),
        (["file,class", "a.png"], "a file and a class. Received: row 2"),
        (["file,class", "a.png,x", "a.png,y"], "one class. Received: 'a.png' of class 'x'.*'y'"),
        (["file,class", "a.png,x", "b.png,x"], "at least two classes. Received: only 'x'"),
        (["file,class,split", "a.png,x,later"], "must be one of train.*Received: 'later'"),
        (["file,class,split", "a.png,x,val", "b.png,y,val"], "images to train on"),
    ],
)
def test_what_is_wrong_with_a_table_is_said(table, lines, message):
    path = table(*lines)
    if not lines:
        path.write_text("")
    with pytest.raises(ValueError, match=message):
        ImageTable(path).load()


def test_a_missing_table_or_class_names_the_nearest(photographs, table, tmp_path):
    path = table(*_lines(photographs))
    with pytest.raises(ValueError, match=r"Did you mean 'table\.csv'"):
        ImageTable(tmp_path / "tabel.csv").load()
    with pytest.raises(ValueError, match="Did you mean 'light'"):
        ImageTable(path, classes=["dark", "lihgt"]).load()
