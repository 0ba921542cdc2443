import errno
import resource

import pytest
from tensorboard.backend.event_processing.event_file_loader import EventFileLoader
from tensorboard.plugins.scalar.summary_v2 import scalar_pb
from tensorboard.util.tensor_util import make_ndarray

from kerasrecipes.base.event_files import EventFile


def test_tensorboard_reads_what_is_appended(tmp_path):
    file = EventFile(tmp_path / "logs", ".hparams")
    assert not file.path.parent.exists()
    for step in (1, 2):
        file.append([scalar_pb("loss", 1 / step), scalar_pb("accuracy", 0.5)], step)
    events = list(EventFileLoader(str(file.path)).Load())
    assert events[0].file_version == "brain.Event:2"
    assert [
        (event.step, value.tag, float(make_ndarray(value.tensor)))
        for event in events
        for value in event.summary.value
    ] == [(1, "loss", 1.0), (1, "accuracy", 0.5), (2, "loss", 0.5), (2, "accuracy", 0.5)]
    assert file.path.name.endswith(".hparams")


def test_files_of_one_process_differ(tmp_path):
    assert EventFile(tmp_path).path != EventFile(tmp_path).path


def test_a_file_that_cannot_grow_is_named(tmp_path):
    file = EventFile(tmp_path)
    file.append([scalar_pb("loss", 1.0)])
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (file.path.stat().st_size + 10, limits[1]))
    try:
        with pytest.raises(OSError, match="too large") as raised:
            file.append([scalar_pb("loss", 1.0)])
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
    assert (raised.value.errno, raised.value.filename) == (errno.EFBIG, str(file.path))
