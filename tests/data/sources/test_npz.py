import numpy as np
import pytest

from kerasrecipes.data import Npz

RANDOM = np.random.default_rng(0)
LABELS = np.arange(60) % 3


def pictures(samples, shape=(4, 5, 3)):
    return RANDOM.integers(0, 256, (samples, *shape), np.uint8)


TRAIN, TEST = pictures(60), pictures(12)


def load(tmp_path, options=None, **arrays):
    path = tmp_path / "arrays.npz"
    np.savez(path, **arrays)
    return Npz(path, **(options or {})).load()


def contents(*splits):
    """Returns images with their labels as a set."""
    return {
        pair
        for split in splits
        for pair in zip(map(bytes, split.images), split.labels.tolist(), strict=True)
    }


def expected(images, labels):
    return set(zip(map(bytes, images), np.ravel(labels).tolist(), strict=True))


@pytest.mark.parametrize(
    "pattern",
    [
        ("x_train", "y_train", "x_test", "y_test"),
        ("X_train", "Y_train", "X_test", "Y_test"),
        ("train_images", "train_labels", "test_images", "test_labels"),
        ("images_train", "labels_train", "images_test", "labels_test"),
    ],
)
def test_names_of_arrays(tmp_path, pattern):
    arrays = dict(zip(pattern, (TRAIN, LABELS, TEST, LABELS[:12]), strict=True))
    data = load(tmp_path, **arrays)
    assert data.sizes == {"train": 54, "validation": 6, "test": 12}
    assert contents(data.train, data.validation) == expected(TRAIN, LABELS)
    np.testing.assert_array_equal(data.test.images, TEST)
    assert data.class_counts()["validation"] == [2, 2, 2]
    assert data.class_names == ("0", "1", "2")
    assert data.image_shape == (4, 5, 3)
    assert data.resize is None


@pytest.mark.parametrize("word", ["val", "valid", "validation"])
def test_a_validation_split_of_its_own(tmp_path, word):
    arrays = {f"x_{word}": TEST, f"y_{word}": LABELS[:12]}
    data = load(tmp_path, x_train=TRAIN, y_train=LABELS, **arrays)
    assert data.sizes == {"train": 60, "validation": 12}
    np.testing.assert_array_equal(data.validation.images, TEST)


@pytest.mark.parametrize("names", [("x", "y"), ("images", "labels")])
def test_what_is_not_split_yet(tmp_path, names):
    data = load(tmp_path, {"test_fraction": 0.2}, **dict(zip(names, (TRAIN, LABELS), strict=True)))
    assert data.class_counts() == {"train": [14] * 3, "validation": [2] * 3, "test": [4] * 3}
    assert contents(*data.splits.values()) == expected(TRAIN, LABELS)


def test_as_keras_datasets_has_them(tmp_path):
    grey = pictures(60, (28, 28))
    data = load(tmp_path, x_train=grey, y_train=LABELS.astype("uint8")[:, np.newaxis])
    assert data.image_shape == (28, 28, 1)
    assert contents(data.train, data.validation) == expected(grey, LABELS)


@pytest.mark.parametrize("names", [["cat", "dog", "owl"], np.array([b"cat", b"dog", b"owl"])])
def test_classes_choose_and_order(tmp_path, names):
    arrays = {"x_train": TRAIN, "y_train": LABELS, "classes": names}
    assert load(tmp_path, **arrays).class_names == ("cat", "dog", "owl")
    data = load(tmp_path, {"classes": ["owl", "cat"]}, **arrays)
    assert data.class_names == ("owl", "cat")
    others = np.array([1, -1, 0])[LABELS]  # Of cat, dog, owl.
    chosen = others >= 0
    assert contents(data.train, data.validation) == expected(TRAIN[chosen], others[chosen])


def test_examples_per_class_are_nested_and_leave_the_others(tmp_path):
    few, more = (
        load(tmp_path, {"examples_per_class": count}, x_train=TRAIN, y_train=LABELS)
        for count in (3, 10)
    )
    assert few.class_counts()["train"] == [3] * 3
    assert contents(few.train) < contents(more.train)
    assert few.validation.digest() == more.validation.digest()


def test_the_hash_does_not_depend_on_the_place(tmp_path):
    (tmp_path / "other").mkdir()
    arrays = {"x_train": TRAIN, "y_train": LABELS}
    assert load(tmp_path, **arrays).hash == load(tmp_path / "other", **arrays).hash
    assert load(tmp_path, x_train=TRAIN, y_train=LABELS[::-1]).hash != load(tmp_path, **arrays).hash


@pytest.mark.parametrize(
    ("changes", "error", "message"),
    [
        ({"x_train": None}, ValueError, "`y_train` must come with `x_train`. Received: y_train"),
        ({"x_train": None, "y_train": None, "z": 0}, ValueError, "arrays x_train and y_train"),
        ({"images": TRAIN, "labels": LABELS}, ValueError, "one array of train images"),
        ({"x_train": np.zeros((60, 12))}, ValueError, r"must have shape .*shape=\(60, 12\)"),
        ({"x_train": np.zeros((60, 3, 32, 32))}, ValueError, "the channels last"),
        ({"y_train": LABELS[:59]}, ValueError, r"shape \(60,\) or \(60, 1\)"),
        ({"y_train": np.eye(3)[LABELS]}, ValueError, r"save y_train.argmax\(axis=1\)"),
        ({"y_train": LABELS.astype(float)}, TypeError, "must hold integers.*float64"),
        ({"y_train": LABELS.astype(str)}, TypeError, "must hold integers.*<U"),
        ({"y_train": LABELS - 1}, ValueError, r"labels in \[0, 2\).*from -1 to 1"),
        ({"y_train": LABELS + 1}, ValueError, "none of class '0'"),
        ({"y_train": LABELS * 10**9}, ValueError, r"in \[0, 60\).*from 0 to 2000000000"),
        ({"y_train": LABELS.astype("uint64") + 2**63}, ValueError, r"in \[0, 60\)"),
        ({"classes": ["cat", "dog"]}, ValueError, r"`y_train` must .*in \[0, 2\).*from 0 to 2"),
        ({"classes": ["cat", "dog", "cat"]}, ValueError, "list of different names"),
        ({"classes": ["cat", "dog", "owl", "emu"]}, ValueError, "none of class 'emu'"),
        ({"x_test": TEST[:, :3], "y_test": LABELS[:12]}, ValueError, "the same shape.*x_test"),
        ({"x_test": TEST, "y_test": LABELS[:12] + 7}, ValueError, r"`y_test`.*in \[0, 3\)"),
        ({"x_train": np.array([None] * 60)}, TypeError, "an array of objects.*could run code"),
        ({"x_train": TRAIN.astype(str)}, TypeError, "`x_train` must hold numbers"),
        ({"x_train": TRAIN - 100.0}, ValueError, "Undo any preprocessing"),
    ],
)
def test_arrays_that_are_not_as_they_must_be(tmp_path, changes, error, message):
    arrays = {"x_train": TRAIN, "y_train": LABELS} | changes
    with pytest.raises(error, match=message):
        load(tmp_path, **{name: array for name, array in arrays.items() if array is not None})


@pytest.mark.parametrize(
    ("options", "error", "message"),
    [
        ({"classes": ["1", "4"]}, ValueError, "`classes` must name classes of 'arrays.npz'"),
        ({"classes": ["1"]}, ValueError, "at least two classes"),
        ({"examples_per_class": 19}, ValueError, "smallest class, 18 of '0'"),
        ({"validation_fraction": 0}, ValueError, r"in \(0, 1\)"),
        ({"test_fraction": 0.1}, ValueError, "must be None if 'arrays.npz' has a test split"),
    ],
)
def test_options_out_of_range(tmp_path, options, error, message):
    with pytest.raises(error, match=message):
        load(tmp_path, options, x_train=TRAIN, y_train=LABELS, x_test=TEST, y_test=LABELS[:12])


def test_paths(tmp_path):
    load(tmp_path, x_train=TRAIN, y_train=LABELS)
    with pytest.raises(ValueError, match=r"existing .npz file. Did you mean 'arrays.npz'\?"):
        Npz(tmp_path / "array.npz").load()
    with pytest.raises(TypeError, match="`path` must be"):
        Npz(3)
    (tmp_path / "text.npz").write_text("no archive")
    with pytest.raises(ValueError, match="must be an .npz file, as numpy.savez"):
        Npz(tmp_path / "text.npz").load()


def test_a_damaged_file(tmp_path):
    load(tmp_path, x_train=TRAIN, y_train=LABELS)
    content = bytearray((tmp_path / "arrays.npz").read_bytes())
    content[1000] ^= 1
    (tmp_path / "arrays.npz").write_bytes(content)
    with pytest.raises(ValueError, match="`x_train` in 'arrays.npz' is damaged"):
        Npz(tmp_path / "arrays.npz").load()
