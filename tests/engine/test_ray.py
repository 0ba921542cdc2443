"""Ray on this machine: it takes long to start, so that few programs test all of it."""

import importlib.util
import json
import os
import subprocess
import sys
import time
from pathlib import Path

import pytest

from kerasrecipes.engine import RayEngine

ROOT = Path(__file__).parents[2]
pytestmark = [
    pytest.mark.backend_neutral,
    pytest.mark.skipif(
        importlib.util.find_spec("ray") is None, reason="needs Ray: pip install -e '.[ray]'"
    ),
    pytest.mark.skipif(sys.platform != "linux", reason="looks for processes in /proc"),
]

PROGRAM = """
import os, sys
from pathlib import Path
from kerasrecipes.engine import RayEngine, WorkerLostError
from tests.engine import tasks

here = Path(sys.argv[1])
with RayEngine(2) as engine:
    assert list(engine.map(tasks.square, range(4))) == [0, 1, 4, 9]
    processes = list(engine.map(tasks.process, [here / "processes"] * 2))
    assert len({number for number, *_ in processes}) == 2
    assert {folder for _, folder, _ in processes} == {os.getcwd()}
    error = engine.submit(tasks.failing, "portable").exception()
    assert isinstance(error, ValueError) and "in failing" in str(error.__cause__)
    assert engine.submit(tasks.dying, here / "dying", 1).result() == 2
    (here / "tested").touch()
    engine.submit(tasks.computing, here / "computing").result()
"""


def _of_session(session: int) -> list[str]:
    """Returns the processes of a session that are alive."""
    found = []
    for path in Path("/proc").glob("[0-9]*"):
        try:
            state, _, _, owner = (path / "stat").read_text().rpartition(")")[2].split()[:4]
            if int(owner) == session and state != "Z":
                found.append((path / "cmdline").read_text().replace("\0", " ")[:80])
        except OSError:
            continue
    return found


@pytest.mark.slow
def test_a_worker_and_then_the_program_are_killed(tmp_path):
    for name in ("processes", "dying", "computing", "home"):
        (tmp_path / name).mkdir()
    variables = {name: value for name, value in os.environ.items() if "RAY_" not in name}
    program = subprocess.Popen(
        [sys.executable, "-c", PROGRAM, tmp_path],
        env={**variables, "PYTHONPATH": str(ROOT), "HOME": str(tmp_path / "home")},
        start_new_session=True,
        stderr=subprocess.PIPE,
        text=True,
    )
    while program.poll() is None and not list((tmp_path / "computing").iterdir()):
        time.sleep(0.1)
    program.kill()
    _, written = program.communicate()
    assert (tmp_path / "tested").exists(), written
    (worker,) = (int(path.name) for path in (tmp_path / "computing").iterdir())
    until = time.monotonic() + 60
    while Path(f"/proc/{worker}").exists() and time.monotonic() < until:
        time.sleep(0.1)
    assert not Path(f"/proc/{worker}").exists(), "it computes on"
    assert not (tmp_path / "home" / ".ray").exists(), "a token that others may read"


@pytest.mark.slow
def test_a_training_whose_machine_dies_goes_on_at_another_from_its_checkpoint(tmp_path):
    variables = {name: value for name, value in os.environ.items() if "RAY_" not in name}
    variables |= {"PYTHONPATH": str(ROOT), "HOME": str(tmp_path), "RAY_USAGE_STATS_ENABLED": "0"}
    command = [sys.executable, "-m", "tests.engine.two_machines", tmp_path]
    program = subprocess.run(command, env=variables, capture_output=True, text=True, timeout=300)
    assert program.returncode == 0, program.stderr
    found = json.loads((tmp_path / "found.json").read_text("utf-8"))
    assert found["workers"] == 2
    assert found["rows"] == found["rows_of_one_process"]
    ((run, history),) = found["written"].items()
    # The epochs of before, with the seconds that they took there, and none of them twice.
    lines = (tmp_path / "cluster" / run / "history.csv").read_text("utf-8").splitlines()
    assert lines[: history.count("\n")] == history.splitlines()[: history.count("\n")]
    assert len(lines) == 41
    assert "the node it was running on is dead" in program.stdout + program.stderr


@pytest.mark.parametrize("address", ["127.0.0.1:9", "ray://127.0.0.1:9", "127.0.0.1"])
def test_an_address_that_does_not_answer_is_named(address):
    engine = RayEngine(address=address)
    with pytest.raises(ConnectionError, match=f"no Ray cluster that answers at {address} "):
        engine.open()
    assert not engine.is_open
