import numpy as np
import pytest

from kerasrecipes.data.dataset import Dataset
from kerasrecipes.data.split import ArraySplit
from kerasrecipes.data.viewing.inspection import Duplicates, inspect_dataset

RANDOM = np.random.default_rng(0)


def split(images, labels):
    return ArraySplit(images, np.array(labels, np.int32))


def dataset(train, validation, test=None):
    return Dataset(train, validation, test, ("a", "b"), (3, 4, 2), "made up")


@pytest.fixture
def images():
    return RANDOM.integers(3, 200, (700, 3, 4, 2), np.uint8)


def test_values(images):
    data = dataset(split(images[:600], [0] * 600), split(images[600:] // 2, [1] * 100))
    inspection = inspect_dataset(data)
    assert inspection.value_range == {"train": (3, 199), "validation": (1, 99)}
    pixels = images[:600].reshape(-1, 2).astype(np.float64)
    np.testing.assert_allclose(inspection.mean, pixels.mean(axis=0), rtol=1e-12)
    np.testing.assert_allclose(inspection.standard_deviation, pixels.std(axis=0), rtol=1e-12)


def test_duplicates_between_splits(images):
    test = images[690:].copy()
    test[3:6] = images[[500, 20, 500]]
    validation = images[600:620].copy()
    validation[7] = images[20]
    labels = np.zeros(700, int)
    labels[500] = 1
    data = dataset(
        split(images[:600], labels[:600]), split(validation, [0] * 20), split(test, [0] * 10)
    )
    assert inspect_dataset(data).duplicates == (
        Duplicates("validation", "train", 1, 0, (("#7", "#20"),)),
        Duplicates("test", "train", 3, 2, (("#3", "#500"), ("#4", "#20"), ("#5", "#500"))),
        Duplicates("test", "validation", 1, 0, (("#4", "#7"),)),
    )


def test_five_duplicates_are_named_and_all_are_counted(images):
    data = dataset(split(images, [0] * 700), split(images[100:300], [0] * 200))
    (found,) = inspect_dataset(data).duplicates
    assert found.count == 200
    assert found.examples == tuple((f"#{i}", f"#{i + 100}") for i in range(5))


def test_images_that_differ_in_one_level_are_not_the_same(images):
    almost = images.copy()
    almost[:, 1, 2, 0] += 1
    data = dataset(split(images, [0] * 700), split(almost, [0] * 700))
    assert inspect_dataset(data).duplicates[0].count == 0


def test_images_that_look_alike_and_are_not_equal():
    images = RANDOM.integers(0, 200, (40, 20, 24, 3), np.uint8)
    smooth = np.repeat(np.repeat(images[:, ::5, ::6], 5, axis=1), 6, axis=2)
    validation = smooth[20:30].copy()
    validation[2] = smooth[7] // 2 + 60  # Paler.
    validation[5] = smooth[9]  # Equal.
    data = Dataset(
        split(smooth[:20], [0] * 20), split(validation, [1] * 10), None, ("a", "b"), (20, 24, 3), ""
    )
    inspection = inspect_dataset(data)
    assert inspection.duplicates == (Duplicates("validation", "train", 1, 1, (("#5", "#9"),)),)
    assert inspection.look_alikes == (Duplicates("validation", "train", 1, 1, (("#2", "#7"),)),)


def test_small_images_are_not_compared(images):
    data = dataset(split(images[:600], [0] * 600), split(images[600:], [1] * 100))
    assert inspect_dataset(data).look_alikes is None
