import numpy as np
import pytest
from PIL import Image

from kerasrecipes.data.reading.decoding import BrokenImageError, probe_image, read_image

RANDOM = np.random.default_rng(0)
UPRIGHT = RANDOM.integers(0, 256, (6, 4, 3), np.uint8)

# How a camera stores the upright image, from EXIF's table "0th row, 0th column".
STORED = {
    1: UPRIGHT,  # top, left
    2: UPRIGHT[:, ::-1],  # top, right
    3: UPRIGHT[::-1, ::-1],  # bottom, right
    4: UPRIGHT[::-1],  # bottom, left
    5: UPRIGHT.swapaxes(0, 1),  # left, top
    6: UPRIGHT[:, ::-1].swapaxes(0, 1),  # right, top
    7: UPRIGHT[::-1, ::-1].swapaxes(0, 1),  # right, bottom
    8: UPRIGHT[::-1].swapaxes(0, 1),  # left, bottom
}


def save(image, path, **options):
    if isinstance(image, np.ndarray):
        image = Image.fromarray(image)
    image.save(path, **options)
    return path


def orientation(number):
    exif = Image.Exif()
    exif[0x0112] = number
    return exif


def read_flat(path, **options):
    """Returns the colour of an image that has one colour only."""
    image = read_image(path, **options)
    assert image.dtype == np.uint8
    assert (image == image[0, 0]).all()
    return image[0, 0].tolist()


@pytest.mark.parametrize("extension", ["png", "bmp"])
def test_rgb_is_read_exactly(tmp_path, extension):
    image = read_image(save(UPRIGHT, tmp_path / f"image.{extension}"))
    np.testing.assert_array_equal(image, UPRIGHT)


def test_webp_is_read_exactly(tmp_path):
    path = save(UPRIGHT, tmp_path / "image.webp", lossless=True)
    np.testing.assert_array_equal(read_image(path), UPRIGHT)


def test_what_is_read_can_be_written_to(tmp_path):
    image = read_image(save(UPRIGHT, tmp_path / "image.png"))
    image[0, 0] = 7
    assert image[0, 0].tolist() == [7, 7, 7]


@pytest.mark.parametrize("number", range(1, 9))
def test_exif_orientation_of_png_is_applied(tmp_path, number):
    path = save(STORED[number], tmp_path / "image.png", exif=orientation(number))
    np.testing.assert_array_equal(read_image(path), UPRIGHT)
    assert probe_image(path) == (6, 4)


@pytest.mark.parametrize("number", range(1, 9))
def test_exif_orientation_of_jpeg_is_applied(tmp_path, number):
    blocks = {key: np.kron(image, np.ones((16, 16, 1), np.uint8)) for key, image in STORED.items()}
    options = {"quality": 100, "subsampling": 0, "exif": orientation(number)}
    path = save(blocks[number], tmp_path / "image.jpg", **options)
    difference = read_image(path).astype(int) - blocks[1]
    assert np.abs(difference).max() <= 4
    assert probe_image(path) == (96, 64)


def test_damaged_exif_does_not_break_an_image(tmp_path):
    exif = orientation(6)
    exif[0x010F] = "maker"
    damaged = exif.tobytes().replace(b"\x01\x0f", b"\x01\x00")  # A width that is a text.
    path = save(STORED[6], tmp_path / "image.png", exif=damaged)
    np.testing.assert_array_equal(read_image(path), UPRIGHT)


def test_unknown_exif_orientation_is_ignored(tmp_path):
    path = save(UPRIGHT, tmp_path / "image.png", exif=orientation(77))
    np.testing.assert_array_equal(read_image(path), UPRIGHT)
    assert probe_image(path) == (6, 4)


def test_grey_is_repeated(tmp_path):
    grey = UPRIGHT[..., 0]
    image = read_image(save(grey, tmp_path / "image.png"))
    np.testing.assert_array_equal(image, np.stack([grey] * 3, axis=-1))


def test_one_channel_is_luma(tmp_path):
    image = read_image(save(UPRIGHT, tmp_path / "image.png"), channels=1)
    assert image.shape == (6, 4, 1)
    luma = UPRIGHT @ [0.299, 0.587, 0.114]
    assert np.abs(image[..., 0] - luma).max() <= 1


def test_bilevel_is_black_and_white(tmp_path):
    bits = np.array([[0, 255], [255, 0]], np.uint8)
    path = save(Image.fromarray(bits).convert("1"), tmp_path / "image.png")
    np.testing.assert_array_equal(read_image(path, channels=1)[..., 0], bits)


def test_16_bit_grey_is_scaled_and_rounded(tmp_path):
    values = np.array([[0, 128, 129, 257], [32767, 32768, 65406, 65535]], np.uint16)
    image = read_image(save(values, tmp_path / "image.png"), channels=1)
    np.testing.assert_array_equal(image[..., 0], np.round(values / 257))


def test_16_bit_grey_is_made_upright(tmp_path):
    values = RANDOM.integers(0, 65536, (6, 4), np.uint16)
    path = save(values[:, ::-1].T.copy(), tmp_path / "image.png", exif=orientation(6))
    np.testing.assert_array_equal(read_image(path, channels=1)[..., 0], np.round(values / 257))


def test_palette(tmp_path):
    image = Image.new("P", (4, 4), 1)
    image.putpalette([0, 0, 0, 10, 20, 30])
    assert read_flat(save(image, tmp_path / "image.png")) == [10, 20, 30]


@pytest.mark.parametrize("extension", ["png", "gif"])
def test_transparent_palette_entry_is_white(tmp_path, extension):
    image = Image.fromarray(np.array([[0, 1]], np.uint8)).convert("P")
    image.putpalette([0, 0, 0, 10, 20, 30])
    path = save(image, tmp_path / f"image.{extension}", transparency=0)
    assert read_image(path).tolist() == [[[255, 255, 255], [10, 20, 30]]]


@pytest.mark.parametrize(
    ("mode", "colour", "expected"),
    [
        ("RGBA", (10, 20, 30, 255), [10, 20, 30]),
        ("RGBA", (10, 20, 30, 0), [255, 255, 255]),
        ("RGBA", (0, 0, 0, 51), [204, 204, 204]),
        ("LA", (100, 255), [100, 100, 100]),
        ("LA", (0, 51), [204, 204, 204]),
    ],
)
def test_transparency_is_white(tmp_path, mode, colour, expected):
    path = save(Image.new(mode, (4, 4), colour), tmp_path / "image.png")
    assert read_flat(path) == expected


@pytest.mark.parametrize(("mode", "colour"), [("RGB", (1, 2, 3)), ("L", 5)])
def test_transparent_colour_of_a_png_without_alpha_is_white(tmp_path, mode, colour):
    path = save(Image.new(mode, (4, 4), colour), tmp_path / "image.png", transparency=colour)
    assert read_flat(path) == [255, 255, 255]


def test_cmyk_jpeg(tmp_path):
    image = Image.new("CMYK", (16, 16), (0, 255, 128, 0))
    path = save(image, tmp_path / "image.jpg", quality=100)
    np.testing.assert_allclose(read_flat(path), [255, 0, 127], atol=2)


def test_first_frame_of_a_gif(tmp_path):
    frames = [Image.new("RGB", (4, 4), colour) for colour in ("red", "blue")]
    path = save(frames[0], tmp_path / "image.gif", save_all=True, append_images=frames[1:])
    assert read_flat(path) == [255, 0, 0]


def test_first_picture_of_a_multi_picture_jpeg(tmp_path):
    """Phones write these, with the extension of a JPEG."""
    first, second = (Image.new("RGB", (16, 16), colour) for colour in ("red", "blue"))
    path = tmp_path / "image.jpg"
    first.save(path, format="MPO", save_all=True, append_images=[second])
    np.testing.assert_allclose(read_flat(path), [255, 0, 0], atol=2)


def test_content_decides_over_the_extension(tmp_path):
    path = save(UPRIGHT, tmp_path / "image.png").rename(tmp_path / "image.jpg")
    np.testing.assert_array_equal(read_image(path), UPRIGHT)


def test_large_jpeg_shrunk_while_decoding_equals_one_shrunk_after(tmp_path):
    rows, columns = np.mgrid[0:480, 0:640]
    smooth = np.stack([rows / 2, columns / 3, (rows + columns) / 5], -1).astype(np.uint8)
    path = save(smooth, tmp_path / "image.jpg", quality=95, exif=orientation(6))
    expected = read_image(save(read_image(path), tmp_path / "image.png"), size=(40, 30))
    image = read_image(path, size=(40, 30))
    assert image.shape == (40, 30, 3)
    assert np.abs(image.astype(int) - expected).max() <= 3


def test_truncated_file_has_a_header_but_is_broken(tmp_path):
    noise = RANDOM.integers(0, 256, (64, 48, 3), np.uint8)
    path = save(noise, tmp_path / "image.jpg")
    path.write_bytes(path.read_bytes()[:2000])
    assert probe_image(path) == (64, 48)
    with pytest.raises(BrokenImageError, match=r"image\.jpg cannot be read: .*truncated") as info:
        read_image(path)
    assert info.value.path == path


@pytest.mark.parametrize("function", [probe_image, read_image])
@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"", "empty"),
        (b"no image at all", "not a JPEG, PNG, BMP, GIF or WebP"),
        (b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 9 9\n%%EndComments\n", "not a JPEG"),
        (None, "No such file"),
    ],
)
def test_what_is_no_image(tmp_path, function, content, reason):
    path = tmp_path / "image.png"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(BrokenImageError, match=reason):
        function(path)


@pytest.mark.parametrize("options", [{"channels": 4}, {"size": (2, 2), "resize": "crops"}])
def test_wrong_options_are_not_taken_for_broken_images(tmp_path, options):
    path = save(UPRIGHT, tmp_path / "image.png")
    with pytest.raises(ValueError, match=f"`{list(options)[-1]}` must be one of") as info:
        read_image(path, **options)
    assert not isinstance(info.value, BrokenImageError)
