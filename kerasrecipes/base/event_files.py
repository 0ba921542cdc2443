"""Event files of TensorBoard, written without its thread.

TensorBoard's own writer fails in a thread, where the error of a full disk becomes a traceback; with
TensorFlow installed, it is not even an `OSError`.
"""

import itertools
import os
import socket
import time
from collections.abc import Iterable
from pathlib import Path

from kerasrecipes.base.files import appending

_NUMBERS = itertools.count()


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
