import io
import json
import struct
import zipfile

import numpy as np
import pytest

from kerasrecipes.base.damaged_files import (
    DamagedFileError,
    check_archive,
    decoding,
    read_arrays,
    read_json,
)


def npz(**arrays) -> bytes:
    written = io.BytesIO()
    np.savez_compressed(written, **arrays)
    return written.getvalue()


def with_shape(shape: str) -> bytes:
    """An archive whose array says that it has another shape than its content."""
    array = io.BytesIO()
    np.lib.format.write_array(array, np.zeros(3, "f4"))
    header = array.getvalue().replace(b"(3,), }" + b" " * (len(shape) - 4), f"{shape}, }}".encode())
    archive = io.BytesIO()
    with zipfile.ZipFile(archive, "w") as file:
        file.writestr("a.npy", header)
    return archive.getvalue()


WHOLE = npz(a=np.arange(1000))
FLIPPED = WHOLE[:200] + bytes([WHOLE[200] ^ 0xFF]) + WHOLE[201:]


def with_flag(offset: int, value: int) -> bytes:
    """The archive with a field changed in both of its headers, at offsets that differ by two."""
    central = WHOLE.index(b"PK\1\2")
    changed = bytearray(WHOLE)
    for at in (offset, central + offset + 2):
        changed[at : at + 2] = struct.pack("<H", value)
    return bytes(changed)


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"", "it is empty"),
        (b"no archive", "it is no .npz file, or its end is missing"),
        (WHOLE[: len(WHOLE) // 2], "it is no .npz file, or its end is missing"),
        (FLIPPED, "."),
        (with_flag(6, 1), "password"),
        (with_flag(8, 99), "compression"),
        (with_shape("(9999999999999,)"), "allocate"),
    ],
)
def test_damaged_arrays_are_named_with_the_way_out(tmp_path, content, reason):
    path = tmp_path / "a.npz"
    path.write_bytes(content)
    with pytest.raises(DamagedFileError, match=reason) as raised:
        read_arrays(path, "Put back a copy.")
    assert str(raised.value).startswith(f"{path} cannot be read: ")
    assert str(raised.value).endswith(". Put back a copy.")
    assert "pickle" not in str(raised.value)


def test_whole_arrays_are_read(tmp_path):
    path = tmp_path / "a.npz"
    path.write_bytes(WHOLE)
    assert read_arrays(path)["a"].tolist() == list(range(1000))
    check_archive(path)


@pytest.mark.parametrize("content", [b"", b"no archive", WHOLE[:-30], FLIPPED])
def test_an_archive_is_checked_to_its_last_byte(tmp_path, content):
    path = tmp_path / "model.keras"
    path.write_bytes(content)
    with pytest.raises(DamagedFileError, match="model.keras cannot be read: "):
        check_archive(path)


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("", "it is empty"),
        ('{"n": {"of": 3}', "Expecting ',' delimiter"),
        ("[3]", "it holds no dictionary"),
        ('{"n": {}}', "'n.of' is None"),
        ('{"n": 3}', "'n.of' is None"),
        ('{"n": {"of": "three"}}', "'n.of' is 'three'"),
        ("[" * 100_000, "it is nested too deeply"),
        ("1" * 5000, "Exceeds the limit"),
    ],
)
def test_damaged_json_is_named(tmp_path, text, reason):
    path = tmp_path / "a.json"
    path.write_text(text)
    with pytest.raises(DamagedFileError, match=reason):
        read_json(path, {"n.of": int})
    path.write_text(json.dumps({"n": {"of": 3}}))
    assert read_json(path, {"n.of": int}) == {"n": {"of": 3}}


def test_other_errors_are_left_alone(tmp_path):
    for error in (FileNotFoundError, TypeError, AttributeError):
        with pytest.raises(error), decoding(tmp_path):
            raise error
