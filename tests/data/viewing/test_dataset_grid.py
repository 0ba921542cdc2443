import numpy as np
import pytest

from kerasrecipes.data.dataset import Dataset
from kerasrecipes.data.split import ArraySplit
from kerasrecipes.data.viewing.image_grids import dataset_grid

GAP = 4


def dataset(shape, classes=3, each=5, names=None):
    """A data set whose images have one grey level each: 20 a class, and 1 an image."""
    labels = np.tile(np.arange(classes, dtype=np.int32), each)
    levels = 20 * labels + np.repeat(np.arange(each), classes)
    images = np.empty((len(labels), *shape), np.uint8)
    images[:] = levels[:, np.newaxis, np.newaxis, np.newaxis]
    split = ArraySplit(images, labels)
    names = names or tuple(f"class {label}" for label in range(classes))
    return Dataset(split, split, None, names, shape, "made up")


def cells(grid, size, rows, columns):
    """Returns the pixels of each cell, found from the right, where no text is."""
    pixels = np.asarray(grid)
    left = grid.width - columns * (size[1] + GAP)
    assert (pixels[:, left - 1] == 255).all() or left == 0
    return [
        [
            pixels[GAP + row * (size[0] + GAP) :, left + column * (size[1] + GAP) :][
                : size[0], : size[1]
            ]
            for column in range(columns)
        ]
        for row in range(rows)
    ]


@pytest.mark.parametrize(
    ("shape", "size"),
    [
        ((8, 8, 1), (64, 64)),
        ((32, 32, 3), (64, 64)),
        ((20, 30, 3), (40, 60)),
        ((100, 100, 3), (100, 100)),
        ((256, 512, 3), (64, 128)),
        ((8, 8, 4), (64, 64)),
        ((8, 8, 2), (64, 64)),
    ],
)
def test_a_row_holds_the_images_of_its_class(shape, size):
    drawn = cells(dataset_grid(dataset(shape), columns=5), size, 3, 5)
    for row in range(3):
        for column in range(5):
            np.testing.assert_array_equal(drawn[row][column], 20 * row + column)


def test_images_are_spread_over_those_of_the_class():
    drawn = cells(dataset_grid(dataset((8, 8, 1), each=13), columns=4), (64, 64), 3, 4)
    assert [int(cell[0, 0, 0]) for cell in drawn[0]] == [0, 4, 8, 12]


def test_small_images_keep_sharp_pixels():
    images = np.random.default_rng(0).integers(0, 256, (2, 8, 8, 3), np.uint8)
    split = ArraySplit(images, np.array([0, 1], np.int32))
    data = Dataset(split, split, None, ("a", "b"), (8, 8, 3), "made up")
    drawn = cells(dataset_grid(data, columns=1), (64, 64), 2, 1)
    np.testing.assert_array_equal(drawn[1][0], np.kron(images[1], np.ones((8, 8, 1))))


def test_many_classes_and_long_names():
    names = tuple(f"{label} {'x' * 100}" for label in range(250))
    grid = dataset_grid(dataset((8, 8, 1), classes=250, each=1, names=names))
    assert grid.height == GAP + 100 * (64 + GAP)
    assert grid.width < 1300
