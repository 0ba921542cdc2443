"""HEIC, which Pillow reads where the package pillow-heif is installed."""

import functools
import importlib.util
import os
from io import BytesIO

# What follows "ftyp" in such a file: the codecs that pillow-heif decodes, and the generic brands.
_BRANDS = (b"heic", b"heix", b"heim", b"heis", b"hevc", b"hevx", b"mif1", b"msf1")


@functools.cache
def plugin_formats() -> tuple[str, ...]:
    """Returns the names of the formats that pillow-heif adds to Pillow: none without it."""
    if importlib.util.find_spec("pillow_heif") is None:
        return ()
    import pillow_heif

    pillow_heif.register_heif_opener()
    return ("HEIF",)


def check_no_heic(file: str | os.PathLike | BytesIO) -> None:
    """Raises, for a file that Pillow does not know, if it is HEIC and the plugin is missing.

    Raises:
        ImportError: It names the package.
    """
    if isinstance(file, BytesIO):
        header = bytes(file.getbuffer()[:12])
    else:
        with open(file, "rb") as opened:
            header = opened.read(12)
    if not plugin_formats() and header[4:8] == b"ftyp" and header[8:] in _BRANDS:
        raise ImportError("it is a HEIC image, which needs pillow-heif: `pip install pillow-heif`")
