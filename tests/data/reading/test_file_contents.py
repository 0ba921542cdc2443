import hashlib
import json
import os

import pytest

from kerasrecipes.base.files import cache_folder
from kerasrecipes.data.reading import file_contents
from kerasrecipes.data.reading.file_contents import content_hashes

LONG_AGO = 1_500_000_000


@pytest.fixture(autouse=True)
def _own_cache(tmp_path, monkeypatch):
    monkeypatch.setenv("KERASRECIPES_CACHE", str(tmp_path / "cache"))


@pytest.fixture
def images(tmp_path, monkeypatch):
    """Files that count as written long ago: the time since then is not waited for."""
    monkeypatch.setattr(file_contents, "_CLOCK_TICK_NS", -(10**12))
    folder = tmp_path / "images"
    folder.mkdir()
    for name in ("a.bmp", "b.bmp"):
        write(folder / name, name.encode())
    return folder


@pytest.fixture
def read(monkeypatch):
    """The names of the files whose contents were read."""
    names = []
    digest = hashlib.file_digest

    def recorded(file, algorithm):
        names.append(os.path.basename(file.name))
        return digest(file, algorithm)

    monkeypatch.setattr(hashlib, "file_digest", recorded)
    return names


def write(path, content):
    path.write_bytes(content)
    os.utime(path, (LONG_AGO, LONG_AGO))


def sha(content):
    return hashlib.sha256(content).hexdigest()


def test_each_file_is_read_once(images, read):
    names = ["a.bmp", "b.bmp"]
    assert content_hashes(images, names) == [sha(b"a.bmp"), sha(b"b.bmp")]
    assert sorted(read) == names
    assert content_hashes(images, names[::-1]) == [sha(b"b.bmp"), sha(b"a.bmp")]
    assert sorted(read) == names


@pytest.mark.parametrize("replaced", [True, False])
def test_a_file_of_equal_size_and_time_is_read_again(images, read, replaced):
    content_hashes(images, ["a.bmp", "b.bmp"])
    if replaced:
        write(images / "new", b"other")
        (images / "new").replace(images / "a.bmp")
    else:
        write(images / "a.bmp", b"other")
    assert content_hashes(images, ["a.bmp", "b.bmp"]) == [sha(b"other"), sha(b"b.bmp")]
    assert sorted(read) == ["a.bmp", "a.bmp", "b.bmp"]


def test_what_has_just_changed_is_not_remembered(images, read, monkeypatch):
    monkeypatch.undo()
    monkeypatch.setenv("KERASRECIPES_CACHE", str(images / "cache"))
    assert content_hashes(images, ["a.bmp"]) == [sha(b"a.bmp")]
    assert not cache_folder("contents").exists()


def test_what_another_process_remembered_is_kept(images, read):
    content_hashes(images, ["a.bmp"])
    content_hashes(images, ["b.bmp"])
    content_hashes(images, ["a.bmp", "b.bmp"])
    assert read == ["a.bmp", "b.bmp"]


@pytest.mark.parametrize("content", ["", "[]", '{"a.bmp": 5}', '{"a.bmp": [1]}', "[" * 10**5])
def test_a_damaged_memory_is_written_anew(images, read, content):
    content_hashes(images, ["a.bmp"])
    (memory,) = cache_folder("contents").iterdir()
    whole = memory.read_text()
    memory.write_text(content)
    assert content_hashes(images, ["a.bmp"]) == [sha(b"a.bmp")]
    assert json.loads(memory.read_text()) == json.loads(whole)


def test_a_folder_that_cannot_be_written_costs_only_time(images, tmp_path):
    (tmp_path / "cache").write_text("a file where the folder would be")
    for _ in range(2):
        assert content_hashes(images, ["a.bmp"]) == [sha(b"a.bmp")]


def test_nothing_is_written_beside_the_images(images):
    content_hashes(images, ["a.bmp", "b.bmp"])
    assert sorted(os.listdir(images)) == ["a.bmp", "b.bmp"]


def test_a_missing_file(images):
    with pytest.raises(FileNotFoundError):
        content_hashes(images, ["c.bmp"])
