from pathlib import Path

import pytest
from PIL import Image

from kerasrecipes.data.reading.image_search import image_paths


@pytest.fixture
def folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    for name in ("b.png", "a.jpg", "sub/c.PNG", ".hidden/d.png", "a[1].png"):
        path = Path("pictures", name)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(b"...")
    Path("pictures/notes.txt").write_text("no image")
    Path("empty").mkdir()
    Image.new("L", (4, 4)).save("picture", format="PNG")
    return Path("pictures")


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        (["pictures"], ["a.jpg", "a[1].png", "b.png", "sub/c.PNG"]),
        (["pictures/b.png", "pictures/a.jpg", "pictures/b.png"], ["b.png", "a.jpg"]),
        (["pictures/*"], ["a.jpg", "a[1].png", "b.png", "sub/c.PNG"]),
        (["pictures/**/c.*"], ["sub/c.PNG"]),
        (["pictures/a[1].png"], ["a[1].png"]),
        (["pictures/b.png", "pictures"], ["b.png", "a.jpg", "a[1].png", "sub/c.PNG"]),
    ],
)
def test_files_folders_and_patterns(folder, given, expected):
    assert [path.relative_to(folder).as_posix() for path in image_paths(given)] == expected


def test_a_named_image_may_have_any_name(folder):
    assert image_paths(["picture"]) == [Path("picture")]


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ("pictures/notes.txt", "Expected an image: its content is not .* Received: pictures/notes"),
        ("pictures/b.pgn", "Did you mean 'b.png'"),
        ("nowhere/b.png", "there is no file of that name. Received: nowhere/b.png"),
        ("*.tiff", "'\\*.tiff' matches no images"),
        ("empty", "no images in the folder 'empty'"),
    ],
)
def test_what_is_no_image_is_told(folder, given, message):
    with pytest.raises(ValueError, match=message):
        image_paths([given])
