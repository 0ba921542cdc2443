import base64
import io

import numpy as np
import pytest
from PIL import Image

from kerasrecipes.report.run.pictures import data_uri, picture


def decode(uri):
    head, data = uri.split(",")
    return head, np.asarray(Image.open(io.BytesIO(base64.b64decode(data))))


def pixels(*shape):
    return np.random.default_rng(0).integers(0, 256, shape, dtype="uint8")


@pytest.mark.parametrize(
    ("channels", "drawn"), [(1, 0), (2, 0), (3, slice(3)), (4, slice(4)), (5, 0)]
)
def test_a_small_image_is_kept_pixel_for_pixel(channels, drawn):
    image = pixels(64, 20, channels)
    head, decoded = decode(data_uri(image))
    assert head == "data:image/png;base64"
    np.testing.assert_array_equal(decoded, image[..., drawn])


@pytest.mark.parametrize("channels", [1, 3, 4])
def test_a_large_image_becomes_a_thumbnail(channels):
    image = np.zeros((400, 200, channels), "uint8")
    image[:200] = 200
    head, decoded = decode(data_uri(image))
    assert head == "data:image/jpeg;base64"
    assert decoded.shape[:2] == (192, 96)
    np.testing.assert_allclose(decoded[:80], 200, atol=3)
    np.testing.assert_allclose(decoded[112:], 0, atol=3)


def test_only_small_images_are_drawn_with_hard_edges():
    assert picture(pixels(64, 64, 3), "").startswith('<img class="pixels" ')
    assert picture(pixels(65, 64, 3), "").startswith('<img class="thumbnail" ')


def test_the_description_is_escaped():
    assert picture(pixels(4, 4, 1), '"><b>').endswith('alt="&#34;&gt;&lt;b&gt;">')
