import errno
import json
import math

import numpy as np
import pytest

from kerasrecipes.base.files import replacing, write_json


def test_a_file_is_whole_or_as_it_was(tmp_path):
    path = tmp_path / "metrics.json"
    write_json(path, {"accuracy": 0.5})

    def fail_half_way():
        with replacing(path) as temporary:
            temporary.write_text("half")
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        fail_half_way()
    assert path.read_text() == '{\n  "accuracy": 0.5\n}\n'
    assert list(tmp_path.iterdir()) == [path]


def test_json_holds_null_where_a_number_is_not_finite(tmp_path):
    path = tmp_path / "metrics.json"
    value = {"loss": math.nan, "of": [math.inf, (1.5, np.float64("-inf"))], "n": 3, "name": "nan"}
    write_json(path, value)
    assert json.loads(path.read_text(), parse_constant=pytest.fail) == {
        "loss": None, "of": [None, [1.5, None]], "n": 3, "name": "nan",
    }  # fmt: skip


@pytest.mark.parametrize("durable", [True, False])
def test_replaces_what_is_there_and_keeps_the_suffix(tmp_path, durable):
    path = tmp_path / "model.keras"
    path.write_text("old")
    with replacing(path, durable=durable) as temporary:
        assert (temporary.suffix, temporary.parent) == (".keras", tmp_path)
        temporary.write_text("new")
    assert path.read_text() == "new"


def test_a_full_disk_is_named_with_the_file_and_a_way_out(tmp_path):
    path = tmp_path / "state.npz"
    with pytest.raises(OSError, match="state.npz") as caught, replacing(path):
        raise OSError(errno.ENOSPC, "No space left on device")
    assert "Make room" in caught.value.__notes__[0]
    assert list(tmp_path.iterdir()) == []
