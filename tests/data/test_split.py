import hashlib
from functools import partial

import numpy as np
import pytest
from PIL import Image

from kerasrecipes.data.reading.decoding import BrokenImageError, read_image
from kerasrecipes.data.split import ArraySplit, FileSplit

RANDOM = np.random.default_rng(0)
IMAGES = RANDOM.integers(0, 256, (7, 4, 6, 3), np.uint8)
LABELS = np.array([0, 1, 0, 1, 2, 2, 0], np.int32)


@pytest.fixture
def files(tmp_path):
    return written(tmp_path)


def written(directory, suffix="png"):
    names = [f"{index}.{suffix}" for index in range(len(IMAGES))]
    for name, image in zip(names, IMAGES, strict=True):
        Image.fromarray(image).save(directory / name)
    return FileSplit(directory, names, LABELS, (4, 6, 3), read_image)


@pytest.mark.parametrize("indices", [[0], [6, 2, 2], range(7), np.array([5, 1]), np.array([], int)])
@pytest.mark.parametrize("kind", ["array", "file"])
def test_read(files, kind, indices):
    split = files if kind == "file" else ArraySplit(IMAGES, LABELS)
    images = split.read(indices)
    assert len(split) == 7
    assert split.image_shape == (4, 6, 3)
    assert images.dtype == np.uint8
    np.testing.assert_array_equal(images, IMAGES[list(indices)])


def test_reading_many_files_keeps_their_order(tmp_path):
    names = [f"{index}" for index in range(3000)]
    labels = np.zeros(3000, np.int32)

    def decode(path):
        return np.array(int(path.name), np.uint32).reshape(1, 1, 1).view(np.uint8)

    split = FileSplit(tmp_path, names, labels, (1, 1, 4), decode)
    order = RANDOM.permutation(3000)
    np.testing.assert_array_equal(split.read(order).view(np.uint32).ravel(), order)


def test_a_file_that_breaks_later_is_named(files):
    (files.directory / "3.png").write_bytes(b"")
    with pytest.raises(BrokenImageError, match=r"3\.png cannot be read: the file is empty"):
        files.read([1, 3, 5])
    np.testing.assert_array_equal(files.read([1, 5]), IMAGES[[1, 5]])


def test_to_memory_drops_what_is_broken(files):
    (files.directory / "3.png").write_bytes(b"")
    (files.directory / "0.png").write_bytes(b"text")
    split, broken = files.to_memory()
    kept = [1, 2, 4, 5, 6]
    np.testing.assert_array_equal(split.images, IMAGES[kept])
    np.testing.assert_array_equal(split.labels, LABELS[kept])
    assert list(broken) == ["0.png", "3.png"]
    assert broken["3.png"] == "the file is empty (zero bytes)"
    assert [split.name(index) for index in range(5)] == [f"{number}.png" for number in kept]


def test_to_memory_of_good_files(files):
    split, broken = files.to_memory()
    assert broken == {}
    assert split.digest() == ArraySplit(IMAGES, LABELS).digest()


def test_digest_of_an_array_is_of_shape_labels_and_pixels():
    content = b"(7, 4, 6, 3)" + LABELS.tobytes() + IMAGES.tobytes()
    assert ArraySplit(IMAGES, LABELS).digest() == hashlib.sha256(content).hexdigest()
    view = ArraySplit(np.asfortranarray(IMAGES), LABELS)
    assert view.digest() == hashlib.sha256(content).hexdigest()


def test_digest_of_an_array_changes_with_its_contents():
    changed_image, changed_label = IMAGES.copy(), LABELS.copy()
    changed_image[-1, -1, -1, -1] ^= 1
    changed_label[-1] ^= 1
    splits = [
        ArraySplit(IMAGES, LABELS),
        ArraySplit(changed_image, LABELS),
        ArraySplit(IMAGES, changed_label),
        ArraySplit(IMAGES.reshape(7, 6, 4, 3), LABELS),
    ]
    assert len({split.digest() for split in splits}) == 4


def test_digest_of_files_depends_on_names_contents_and_labels_alone(tmp_path):
    folders = [tmp_path / name for name in ("one", "two", "renamed", "changed", "relabelled")]
    for folder in folders:
        folder.mkdir()
    one, two, renamed, changed, relabelled = (written(folder, "bmp") for folder in folders)
    file = changed.directory / "0.bmp"
    file.write_bytes(file.read_bytes()[:-1] + b"!")
    assert file.stat().st_size == (one.directory / "0.bmp").stat().st_size
    renamed = FileSplit(renamed.directory, ["./0.bmp", *renamed.names[1:]], LABELS, (4, 6, 3), None)
    relabelled = FileSplit(relabelled.directory, relabelled.names, LABELS[::-1], (4, 6, 3), None)
    assert one.digest() == two.digest()
    assert len({split.digest() for split in (one, renamed, changed, relabelled)}) == 4


def test_decoding_options_reach_the_files(tmp_path):
    written(tmp_path)
    decode = partial(read_image, size=(2, 3), resize="stretch", channels=1)
    split = FileSplit(tmp_path, ["0.png"], LABELS[:1], (2, 3, 1), decode)
    assert split.read([0]).shape == (1, 2, 3, 1)


@pytest.mark.parametrize(
    ("images", "labels", "error", "message"),
    [
        (IMAGES / 255, LABELS, TypeError, "uint8"),
        (IMAGES[..., 0], LABELS, ValueError, r"\(samples, height, width, channels\)"),
        (IMAGES, LABELS[:-1], ValueError, r"of shape \(7,\).*labels.shape=\(6,\)"),
        (IMAGES, LABELS.astype(np.int64), ValueError, "int32"),
    ],
)
def test_wrong_arrays(images, labels, error, message):
    with pytest.raises(error, match=message):
        ArraySplit(images, labels)


def test_wrong_labels_of_files(tmp_path):
    with pytest.raises(ValueError, match=r"of shape \(1,\)"):
        FileSplit(tmp_path, ["a.png"], LABELS, (4, 6, 3), read_image)
