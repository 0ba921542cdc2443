"""Positions of the images in TFRecord files, found without TensorFlow.

A TFRecord file is a sequence of records. A record consists of a length (8 bytes), its checksum (4),
the content, and its checksum (4). The content is an `Example`, a protocol buffer that maps names to
lists of bytes, floats or integers. Only the few bytes that frame the values are read; the bytes of
images are skipped.
"""

import mmap
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

_HEADER_BYTES, _FOOTER_BYTES = 12, 4

# Numbers of protocol buffer fields, from tensorflow/core/example/{example,feature}.proto.
_EXAMPLE_FEATURES = 1
_FEATURES_FEATURE = 1
_ENTRY_KEY, _ENTRY_VALUE = 1, 2
_FEATURE_BYTES, _FEATURE_INTEGERS = 1, 3
_LIST_VALUE = 1

_Span = tuple[int, int]


class Place(NamedTuple):
    """The position of an image in a file, and its label.

    Args:
        start: Integer, the position of its first byte.
        length: Integer, its size in bytes; 0 if the example has no image.
        label: Integer; -1 if the example has no label.
    """

    start: int
    length: int
    label: int


def scan_tfrecord(path: Path, image: str, label: str) -> list[Place]:
    """Returns the positions of the images in a TFRecord file of examples, in its order.

    Args:
        path: Path of the file.
        image: Name of the feature that holds an encoded image.
        label: Name of the feature that holds an integer.

    Raises:
        ValueError: If the file is damaged, so that its records do not end where the file ends.
    """
    if path.stat().st_size == 0:
        return []
    with path.open("rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as content:
        try:
            return [
                _place(content, record, image.encode(), label.encode())
                for record in _records(content)
            ]
        except (IndexError, ValueError) as error:
            raise ValueError(
                f"{str(path)!r} is damaged: it is not a TFRecord file of whole examples. Delete "
                "the folder that it is in, and prepare the data set again."
            ) from error


def _records(content: mmap.mmap) -> Iterator[_Span]:
    position = 0
    while position < len(content):
        header = content[position : position + 8]
        start = position + _HEADER_BYTES
        end = start + int.from_bytes(header, "little")
        position = end + _FOOTER_BYTES
        if position > len(content):
            raise ValueError("truncated")
        yield start, end


def _place(content: mmap.mmap, record: _Span, image: bytes, label: bytes) -> Place:
    place = Place(record[0], 0, -1)
    for _, features in _messages(content, record, (_EXAMPLE_FEATURES,)):
        for _, entry in _messages(content, features, (_FEATURES_FEATURE,)):
            (_, key), (_, value) = _messages(content, entry, (_ENTRY_KEY, _ENTRY_VALUE))
            name = content[slice(*key)]
            if name == image:
                for _, values in _messages(content, value, (_FEATURE_BYTES,)):
                    for _, (start, end) in _messages(content, values, (_LIST_VALUE,)):
                        place = place._replace(start=start, length=end - start)
            elif name == label:
                for _, values in _messages(content, value, (_FEATURE_INTEGERS,)):
                    place = place._replace(label=_integer(content, values))
    return place


def _integer(content: mmap.mmap, span: _Span) -> int:
    """Returns the first integer of an Int64List, packed or not; -1 if the list is empty."""
    position, end = span
    if position == end:
        return -1
    tag, position = _varint(content, position)
    if tag & 7 == 2:
        _, position = _varint(content, position)
    value, _ = _varint(content, position)
    return value - 2**64 if value >= 2**63 else value


def _messages(
    content: mmap.mmap, span: _Span, numbers: tuple[int, ...]
) -> Iterator[tuple[int, _Span]]:
    """Yields number and span of those fields of a message that have one of the given numbers."""
    position, end = span
    while position < end:
        tag, position = _varint(content, position)
        if tag & 7 != 2:
            raise ValueError("not an Example")
        length, position = _varint(content, position)
        if position + length > end:
            raise ValueError("truncated")
        if tag >> 3 in numbers:
            yield tag >> 3, (position, position + length)
        position += length


def _varint(content: mmap.mmap, position: int) -> tuple[int, int]:
    """Returns an integer of variable length in a protocol buffer, and the position after it."""
    value = shift = 0
    while True:
        byte = content[position]
        position += 1
        value |= (byte & 0x7F) << shift
        if byte < 0x80:
            return value, position
        shift += 7
