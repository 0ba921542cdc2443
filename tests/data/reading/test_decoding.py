import os
import struct
import zlib

import numpy as np
import pytest
from PIL import Image

from kerasrecipes.data.reading import decoding, heic
from kerasrecipes.data.reading.decoding import (
    BrokenImageError,
    EncodedImage,
    probe_image,
    read_image,
)

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


@pytest.mark.parametrize("extension", ["jpg", "png", "tif", "webp"])
@pytest.mark.parametrize(
    "block", [bytes(20), b"II", b"hello, no EXIF at all", b"II*\0\xff\xff\xff\xff"]
)
def test_damaged_exif_block_does_not_break_an_image(tmp_path, extension, block):
    path = tmp_path / f"image.{extension}"
    if extension == "tif":  # A TIFF file is EXIF itself; a further block may be within it.
        save(Image.new("RGB", (4, 6), (9, 9, 9)), path, tiffinfo={34665: 7})
    else:
        exif = b"Exif\0\0" + block if extension == "jpg" else block
        save(Image.new("RGB", (4, 6), (9, 9, 9)), path, exif=exif)
    assert probe_image(path) == (6, 4)
    np.testing.assert_allclose(read_flat(path), [9, 9, 9], atol=2)


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


def png(path, bits, colour_type, row, transparent):
    """Writes a PNG file of one row, which Pillow cannot write at every depth."""

    def chunk(kind, content):
        check = zlib.crc32(kind + content).to_bytes(4)
        return len(content).to_bytes(4) + kind + content + check

    channels = 3 if colour_type == 2 else 1
    width = len(row) * 8 // bits // channels
    header = struct.pack(">IIBBBBB", width, 1, bits, colour_type, 0, 0, 0)
    chunks = [(b"IHDR", header), (b"tRNS", struct.pack(f">{channels}H", *transparent))]
    chunks += [(b"IDAT", zlib.compress(b"\0" + row)), (b"IEND", b"")]
    path.write_bytes(b"\x89PNG\r\n\x1a\n" + b"".join(chunk(*each) for each in chunks))
    return path


@pytest.mark.parametrize("turned", [False, True])
@pytest.mark.parametrize(
    ("bits", "colour_type", "row", "transparent", "expected"),
    [
        (1, 0, b"\x50", [0], [255, 255, 255, 255, 255, 255, 255, 255]),
        (2, 0, b"\x1b", [1], [0, 255, 170, 255]),
        (2, 0, b"\x1b", [0], [255, 85, 170, 255]),
        (4, 0, b"\x18", [8], [17, 255]),
        (4, 0, b"\x18", [1], [255, 136]),
        (8, 0, b"\x10\x80", [16], [255, 128]),
        (16, 0, b"\x10\x10\x80\x80", [0x1010], [255, 128]),
        (16, 0, b"\x10\x10\x10\x20", [0x1010], [255, 16]),
        (8, 2, b"\x10\x20\x30\x80\x80\x80", [0x10, 0x20, 0x30], [255, 128]),
        (16, 2, b"\x10\1\x20\2\x30\3" + b"\x80" * 6, [0x1001, 0x2002, 0x3003], [255, 128]),
    ],
)
def test_transparent_colour_at_every_depth(
    tmp_path, monkeypatch, bits, colour_type, row, transparent, expected, turned
):
    path = png(tmp_path / "image.png", bits, colour_type, row, transparent)
    if turned:
        monkeypatch.setattr(decoding, "_orientation", lambda *_: 3)
        expected = expected[::-1]
    assert read_image(path, channels=1).ravel().tolist() == expected


@pytest.mark.parametrize("number", range(1, 9))
@pytest.mark.parametrize("compression", [None, "tiff_lzw"])
def test_tiff_is_read_exactly_and_upright(tmp_path, number, compression):
    path = tmp_path / "image.tif"
    save(STORED[number].copy(), path, tiffinfo={274: number}, compression=compression)
    assert probe_image(path) == (6, 4)
    np.testing.assert_array_equal(read_image(path), UPRIGHT)


def test_first_page_of_a_tiff(tmp_path):
    pages = [Image.new("RGB", (4, 4), colour) for colour in ("red", "blue")]
    path = save(pages[0], tmp_path / "image.tiff", save_all=True, append_images=pages[1:])
    assert read_flat(path) == [255, 0, 0]


@pytest.mark.parametrize(
    ("mode", "colour", "expected"),
    [
        ("RGBA", (0, 0, 0, 51), [204, 204, 204]),
        ("LA", (100, 0), [255, 255, 255]),
        ("CMYK", (0, 255, 128, 0), [255, 0, 127]),
        ("1", 255, [255, 255, 255]),
        ("L", 9, [9, 9, 9]),
        ("I;16", 32896, [128, 128, 128]),
        ("I;16B", 32896, [128, 128, 128]),
    ],
)
def test_tiff_of_every_mode(tmp_path, mode, colour, expected):
    assert read_flat(save(Image.new(mode, (4, 4), colour), tmp_path / "image.tif")) == expected


@pytest.mark.parametrize("function", [probe_image, read_image])
@pytest.mark.parametrize(
    ("pixels", "tags"),
    [
        (np.full((4, 4), 0.5, np.float32), {}),
        (np.full((4, 4), 70_000, np.int32), {}),
        (np.full((4, 4), 700, np.uint16), {262: 0}),
    ],
)
def test_tiff_whose_black_and_white_are_unknown(tmp_path, function, pixels, tags):
    path = save(pixels, tmp_path / "image.tif", tiffinfo=tags)
    with pytest.raises(BrokenImageError, match="convert it to 8 bits"):
        function(path)


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="this system has no such pipes")
@pytest.mark.parametrize("function", [probe_image, read_image])
def test_a_pipe_is_no_image_and_is_not_waited_for(tmp_path, function):
    os.mkfifo(tmp_path / "image.png")
    with pytest.raises(BrokenImageError, match="cannot be read: it is not a regular file"):
        function(tmp_path / "image.png")


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
        (b"no image at all", "not a JPEG, PNG, BMP, GIF, WebP or TIFF"),
        (b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 9 9\n%%EndComments\n", "not a JPEG"),
        (None, "no such file"),
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


# The first bytes of a photograph of a telephone.
HEIC = b"\0\0\0\x24ftypheic\0\0\0\0mif1MiHEMiHBheic" + bytes(64)


def test_heic_without_its_plugin_names_the_plugin(tmp_path, monkeypatch):
    monkeypatch.setattr(decoding, "plugin_formats", tuple)
    monkeypatch.setattr(heic, "plugin_formats", tuple)
    (tmp_path / "a.heic").write_bytes(HEIC)
    for file in (tmp_path / "a.heic", EncodedImage(HEIC, "a")):
        for read in (read_image, probe_image):
            with pytest.raises(BrokenImageError, match="HEIC image.*`pip install pillow-heif`"):
                read(file)
    (tmp_path / "a.heic").write_bytes(HEIC.replace(b"heic", b"isom"))
    with pytest.raises(BrokenImageError, match="not a JPEG"):
        read_image(tmp_path / "a.heic")


def test_heic_is_read_upright_with_its_plugin(tmp_path):
    pytest.importorskip("pillow_heif")
    assert heic.plugin_formats() == ("HEIF",)
    expected = np.kron(UPRIGHT, np.ones((16, 16, 1), int))
    for number in (1, 6):
        stored = np.kron(STORED[number], np.ones((16, 16, 1), np.uint8))
        turned = orientation(number).tobytes()
        path = save(stored, tmp_path / "a.heic", exif=turned, quality=-1, chroma=444)
        assert probe_image(path) == (96, 64)
        # Lossless, but for its colour space.
        assert np.abs(read_image(path).astype(int) - expected).mean() < 3
    path.write_bytes(path.read_bytes()[:-300])
    with pytest.raises(BrokenImageError):
        read_image(path)


def test_heic_files_in_a_folder_are_images():
    assert {".heic", ".heif", ".jpg"} <= {*decoding.IMAGE_EXTENSIONS}
    assert list(decoding.IMAGE_EXTENSIONS) == sorted(decoding.IMAGE_EXTENSIONS)
