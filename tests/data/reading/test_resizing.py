import numpy as np
import pytest
from PIL import Image

from kerasrecipes.data.reading.resizing import RESIZE_POLICIES, resize_image

RANDOM = np.random.default_rng(0)


def filter_matrix(start, stop, source, target):
    """Weights of the antialiased triangle filter from pixels of an axis to a box of it."""
    scale = (stop - start) / target
    centres = start + (np.arange(target) + 0.5) * scale
    distances = np.abs(np.arange(source) + 0.5 - centres[:, None]) / max(scale, 1)
    weights = np.maximum(1 - distances, 0)
    return weights / weights.sum(axis=1, keepdims=True)


def reference(image, size, box=None):
    top, left, bottom, right = box or (0, 0, *image.shape[:2])
    rows = filter_matrix(top, bottom, image.shape[0], size[0])
    columns = filter_matrix(left, right, image.shape[1], size[1])
    return np.einsum("ij,jkc,lk->ilc", rows, image.astype(np.float64), columns)


def resized(image, size, policy):
    return np.asarray(resize_image(Image.fromarray(image), size, policy), np.float64)


@pytest.mark.parametrize("size", [(8, 8), (20, 11), (64, 96)])
@pytest.mark.parametrize("shape", [(31, 17, 3), (24, 48, 3)])
def test_stretch(shape, size):
    image = RANDOM.integers(0, 256, shape, np.uint8)
    assert np.abs(resized(image, size, "stretch") - reference(image, size)).max() < 1.1


@pytest.mark.parametrize(
    ("shape", "size", "box"),
    [
        ((30, 60, 3), (10, 10), (0, 15, 30, 45)),
        ((60, 30, 3), (10, 10), (15, 0, 45, 30)),
        ((30, 60, 3), (20, 10), (0, 22.5, 30, 37.5)),
        ((10, 20, 3), (40, 20), (0, 7.5, 10, 12.5)),
        ((30, 60, 3), (15, 30), (0, 0, 30, 60)),
    ],
)
def test_crop_covers_the_target_from_the_centre(shape, size, box):
    image = RANDOM.integers(0, 256, shape, np.uint8)
    assert np.abs(resized(image, size, "crop") - reference(image, size, box)).max() < 1.1


@pytest.mark.parametrize(
    ("shape", "size", "inner"),
    [
        ((30, 60, 3), (10, 10), (slice(2, 7), slice(0, 10))),
        ((60, 30, 3), (10, 10), (slice(0, 10), slice(2, 7))),
        ((30, 60, 3), (24, 12), (slice(9, 15), slice(0, 12))),
        ((1, 900, 3), (8, 8), (slice(3, 4), slice(0, 8))),
    ],
)
def test_pad_fits_into_the_target_on_black(shape, size, inner):
    image = RANDOM.integers(0, 256, shape, np.uint8)
    expected = np.zeros((*size, 3))
    inner_size = [part.stop - part.start for part in inner]
    expected[inner] = reference(image, inner_size)
    assert np.abs(resized(image, size, "pad") - expected).max() < 1.1


@pytest.mark.parametrize("policy", RESIZE_POLICIES)
def test_an_image_of_the_size_stays_as_it_is(policy):
    image = RANDOM.integers(0, 256, (5, 9, 3), np.uint8)
    np.testing.assert_array_equal(resized(image, (5, 9), policy), image)


def test_unknown_policy():
    with pytest.raises(ValueError, match="`resize` must be one of .* Did you mean 'stretch'"):
        resize_image(Image.new("L", (4, 4)), (2, 2), "stretched")
