import numpy as np
import pytest
from PIL import Image

from kerasrecipes import use
from kerasrecipes.data import ImageFolder

pytestmark = pytest.mark.backend_neutral


@pytest.fixture
def folder(tmp_path):
    for split, count in (("train", 10), ("test", 2)):
        for name in ("cat", "dog"):
            inside = tmp_path / "pets" / split / name
            inside.mkdir(parents=True)
            for number in range(count):
                Image.new("RGB", (4, 4), (number, 0, len(name))).save(inside / f"{number}.png")
    return tmp_path / "pets"


def names(split):
    return {split.name(index) for index in range(len(split))}


@pytest.mark.parametrize("in_memory", [True, False])
def test_files_in_a_list_are_left_out(folder, tmp_path, in_memory):
    gone = ["train/cat/3.png", "test/dog/0.png"]
    listed = tmp_path / "list.txt"
    listed.write_text("\n".join([*gone, "", gone[0]]) + "\n", "utf-8")
    whole = ImageFolder(folder, in_memory=in_memory).load()
    for exclude in (gone, listed, str(listed)):
        data = ImageFolder(folder, in_memory=in_memory, exclude=exclude).load()
        left = set.union(*(names(split) for split in data.splits.values()))
        all_of_them = set.union(*(names(split) for split in whole.splits.values()))
        assert all_of_them - left == set(gone)
        assert data.skipped == tuple((name, "excluded") for name in gone)
        assert data.hash != whole.hash


def test_a_list_that_does_not_fit_is_refused(folder, tmp_path):
    with pytest.raises(ValueError, match=r"Did you mean 'train/cat/3.png'\? Received: 1 that are"):
        ImageFolder(folder, exclude=["train/cat/3.pgn"]).load()
    with pytest.raises(ValueError, match="existing text file"):
        ImageFolder(folder, exclude=tmp_path / "none.txt").load()
    (tmp_path / "binary.txt").write_bytes(b"\xff\xfe\x00")
    with pytest.raises(ValueError, match="UTF-8"):
        ImageFolder(folder, exclude=tmp_path / "binary.txt").load()
    with pytest.raises(TypeError, match="`exclude` must be None, the path"):
        ImageFolder(folder, exclude=3)


def test_where_the_list_is_does_not_name_a_recipe():
    from kerasrecipes import Recipe

    recipe = Recipe(data=use("ImageFolder", directory="here"), model="MLP")
    other = recipe.replace({"data.exclude": "list.txt"})
    assert other.fingerprint == recipe.fingerprint
    assert np.array_equal(other.data.options["exclude"], "list.txt")
