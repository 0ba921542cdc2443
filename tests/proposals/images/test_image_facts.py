"""What is found out about images before anything is chosen."""

import shutil

import numpy as np
import pytest
from PIL import Image

from kerasrecipes.proposals import inspect_images
from kerasrecipes.proposals.describing import described
from kerasrecipes.recipe.spec import use
from tests.data.tiny_tfds import pictures, prepare


def _folder(path):
    return inspect_images(use("ImageFolder", directory=str(path)))


def test_a_folder_is_counted_and_measured(write_images):
    photos = write_images("photos", {"cat": 6, "dog": 3})
    Image.new("RGB", (600, 80)).save(photos / "dog" / "wide.png")
    found = _folder(photos)
    assert found.class_names == ("cat", "dog")
    assert found.counts == {"train": (6, 4)}
    assert (found.total, found.smallest, found.unevenness) == (10, 4, 1.5)
    assert found.majority == ("cat", 0.6)
    assert found.sides == (20, 20, 80)
    assert found.largest == (80, 600)
    assert (found.grey, found.duplicates, found.skipped) == (False, 0, 0)
    assert found.decode_seconds > 0


def test_splits_of_its_own_are_counted_apart(write_images):
    photos = write_images("photos/train", {"a": 5, "b": 5}).parent
    write_images("photos/test", {"a": 2, "b": 2})
    assert _folder(photos).counts == {"train": (5, 5), "test": (2, 2)}


def test_repeated_images_are_counted_and_those_with_another_class(write_images):
    photos = write_images("photos", {"a": 4, "b": 4})
    shutil.copy(photos / "a" / "0.png", photos / "a" / "again.png")
    shutil.copy(photos / "a" / "1.png", photos / "b" / "again.png")
    found = _folder(photos)
    assert (found.duplicates, found.conflicting) == (2, 1)
    assert "2 repeat an earlier one, 1 of them with another class" in described(found)


@pytest.mark.parametrize("mode", ["L", "RGB"])
def test_grey_images_are_grey_in_either_form(write_images, mode):
    photos = write_images("photos", {"a": 3, "b": 3}, grey=True)
    for path in photos.rglob("*.png"):
        Image.open(path).convert(mode).save(path)
    assert _folder(photos).grey
    Image.new("RGB", (20, 20), (250, 40, 40)).save(photos / "b" / "red.png")
    assert not _folder(photos).grey


def test_skipped_files_are_counted(write_images):
    photos = write_images("photos", {"a": 3, "b": 3})
    (photos / "a" / "broken.png").write_bytes(b"no image")
    (photos / "notes.txt").write_text("notes")
    assert _folder(photos).skipped == 2


@pytest.mark.parametrize("split", [False, True])
def test_arrays_are_measured_with_their_own_splits(tmp_path, split):
    rng = np.random.default_rng(0)
    arrays = {"x_train": rng.integers(0, 256, (40, 12, 14, 3), np.uint8)}
    arrays["y_train"] = np.arange(40) % 2
    arrays["x_train"][5] = arrays["x_train"][4]
    if split:
        arrays |= {"x_test": rng.integers(0, 256, (8, 12, 14, 3), np.uint8)}
        arrays["y_test"] = np.arange(8) % 2
    np.savez(tmp_path / "images.npz", **arrays)
    found = inspect_images(use("Npz", path=str(tmp_path / "images.npz")))
    assert found.counts == {"train": (20, 20)} | ({"test": (4, 4)} if split else {})
    assert (found.sides, found.largest) == ((12, 12, 12), (12, 14))
    assert (found.duplicates, found.conflicting) == (1, 1)


@pytest.mark.tensorflow_only
@pytest.mark.parametrize("sizes", [[(12, 14)], [(12, 14), (20, 10)]])
def test_a_data_set_by_name_is_measured_with_its_own_test_images(tmp_path, sizes):
    tfds = pytest.importorskip("tensorflow_datasets")

    def made(samples):
        shapes = [sizes[number % len(sizes)] for number in range(samples)]
        return [
            {"image": pictures(1, (*shape, 3))[0], "label": number % 2}
            for number, shape in enumerate(shapes)
        ]

    features = {
        "image": tfds.features.Image(shape=(*(sizes[0] if len(sizes) == 1 else (None, None)), 3)),
        "label": tfds.features.ClassLabel(names=["a", "b"]),
    }
    name = f"TinyFacts{len(sizes)}"
    prepare(tmp_path, name, features, {"train": made(20), "test": made(6)}, ("image", "label"))
    found = inspect_images(use("TFDS", name=f"tiny_facts{len(sizes)}", data_dir=str(tmp_path)))
    assert found.counts == {"train": (10, 10), "test": (3, 3)}
    # Images of several sizes are looked at in a common one.
    assert found.largest == ((12, 14) if len(sizes) == 1 else (224, 224))
