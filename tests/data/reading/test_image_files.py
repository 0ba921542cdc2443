import re

import numpy as np
import pytest
from PIL import Image

from kerasrecipes.data.reading.folder_layout import FolderLayout
from kerasrecipes.data.reading.image_files import check_readable, probe_files


@pytest.fixture
def layout(tmp_path):
    for name in ("cat", "dog"):
        (tmp_path / name).mkdir()
        for number in range(3):
            Image.new("L", (5 + number, 4)).save(tmp_path / name / f"{number}.png")
    (tmp_path / "cat" / "1.png").write_bytes(b"")
    (tmp_path / "dog" / "0.png").write_bytes(b"text")
    return FolderLayout.read(tmp_path)


def test_probe_files(layout):
    files, broken = probe_files(layout)
    assert list(files) == ["train"]
    assert files["train"].names == ["cat/0.png", "cat/2.png", "dog/1.png", "dog/2.png"]
    assert files["train"].sizes == [(4, 5), (4, 7), (4, 6), (4, 7)]
    np.testing.assert_array_equal(files["train"].labels, np.int32([0, 0, 1, 1]))
    assert list(broken) == ["cat/1.png", "dog/0.png"]
    assert "empty" in broken["cat/1.png"]


def test_take(layout):
    files = probe_files(layout)[0]["train"].take(np.array([3, 0]))
    assert files.names == ["dog/2.png", "cat/0.png"]
    assert files.sizes == [(4, 7), (4, 5)]
    assert files.labels.tolist() == [1, 0]


def big_layout(root, files):
    return FolderLayout(root, ("a", "b"), {"train": [("name",) * files, ("name",)]}, ())


@pytest.mark.parametrize(
    ("fraction", "files", "most", "message"),
    [
        (None, 87, 5, r"At most 1% of the images in \S+, or 5, may be broken"),
        (None, 599, 5, "At most 1%"),
        (None, 600, 6, "At most 1%"),
        (0.01, 200, 2, r"At most 1% of the images in \S+ may be broken"),
        (0.125, 16, 2, r"At most 12\.5% of"),
        (0, 200, 0, "At most 0% of"),
    ],
)
def test_so_many_may_be_broken(tmp_path, fraction, files, most, message):
    layout, labels = big_layout(tmp_path, files - 1), {"train": np.array([0, 1])}
    broken = {str(number): "bad" for number in range(most + 1)}
    with pytest.raises(ValueError, match=rf"{message}.* Received: {most + 1} of {files}\.") as info:
        check_readable(layout, broken, labels, fraction)
    assert f"\n  {most}: bad" in str(info.value)
    enough = float(re.search(r"Set broken_fraction=(\S+) ", str(info.value))[1])
    check_readable(layout, broken, labels, enough)
    del broken[str(most)]
    check_readable(layout, broken, labels, fraction)


def test_all_may_be_broken(tmp_path):
    broken = {str(number): "bad" for number in range(9)}
    check_readable(big_layout(tmp_path, 9), broken, {"train": np.array([0, 1])}, 1)


def test_the_first_twenty_broken_files_are_named(tmp_path):
    broken = {f"file {number}": "empty" for number in range(35)}
    with pytest.raises(ValueError, match=r"Received: 35 of 100\.") as info:
        check_readable(big_layout(tmp_path, 99), broken, {"train": np.array([0, 1])})
    lines = str(info.value).splitlines()
    assert lines[1:] == [f"  file {number}: empty" for number in range(20)] + ["  and 15 more"]


def test_a_class_without_images(tmp_path):
    labels = {"train": np.array([0, 1]), "test": np.array([0, 0])}
    with pytest.raises(ValueError, match="Received: none of class 'b' for test"):
        check_readable(big_layout(tmp_path, 199), {}, labels)
