"""Event files of TensorBoard, read, and written without its thread.

TensorBoard's own writer fails in a thread, where the error of a full disk becomes a traceback; with
TensorFlow installed, it is not even an `OSError`.
"""

import itertools
import os
import socket
import time
from collections.abc import Iterable, Iterator
from pathlib import Path

from kerasrecipes.base.files import appending

_NUMBERS = itertools.count()

_HEADER_BYTES, _FOOTER_BYTES = 12, 4


class EventFile:
    """A new event file, to which summaries are appended.

    Args:
        folder: The folder, which is created with the first summary.
        suffix: The end of the file's name.

    Raises:
        OSError: If a summary cannot be written.
    """

    def __init__(self, folder: Path, suffix: str = ""):
        # TensorBoard looks for "tfevents" in the name, and reads the files by their names' order.
        name = f"events.out.tfevents.{int(time.time()):010d}.{socket.gethostname()}.{os.getpid()}"
        self.path = folder / f"{name}.{next(_NUMBERS)}{suffix}"

    def append(self, summaries: Iterable, step: int = 0) -> None:
        """Appends `Summary` messages of TensorBoard, all of one step."""
        # These imports are slow.
        from tensorboard.compat.proto.event_pb2 import Event
        from tensorboard.summary.writer.record_writer import RecordWriter

        now = time.time()
        events = [Event(wall_time=now, step=step, summary=summary) for summary in summaries]
        if not self.path.exists():
            events.insert(0, Event(wall_time=now, file_version="brain.Event:2"))
        self.path.parent.mkdir(parents=True, exist_ok=True)
        with appending(self.path) as file:
            for event in events:
                RecordWriter(file).write(event.SerializeToString())


def read_scalars(path: Path) -> Iterator[tuple[str, int, float]]:
    """Yields tag, step and value of the scalars in an event file, as far as it is written.

    A file consists of records: a length (8 bytes), its checksum (4), the content, its checksum (4).

    Raises:
        ValueError: If a record is no event of TensorBoard's.
    """
    # These imports are slow.
    from google.protobuf.message import DecodeError
    from tensorboard.compat.proto.event_pb2 import Event
    from tensorboard.util.tensor_util import make_ndarray

    content, position = path.read_bytes(), 0
    while position + _HEADER_BYTES <= len(content):
        length = int.from_bytes(content[position : position + 8], "little")
        start = position + _HEADER_BYTES
        position = start + length + _FOOTER_BYTES
        if position > len(content):
            return  # It is being written now, or was cut.
        try:
            event = Event.FromString(content[start : start + length])
        except DecodeError as error:
            raise ValueError("it is no event file of TensorBoard's") from error
        for value in event.summary.value:
            if value.HasField("simple_value"):
                yield value.tag, event.step, value.simple_value
            elif value.HasField("tensor"):
                array = make_ndarray(value.tensor)
                if array.size == 1 and array.dtype.kind in "fiu":
                    yield value.tag, event.step, float(array.reshape(()))
