import os
import re
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from kerasrecipes.engine import ProcessEngine, WorkerLostError
from tests.engine import tasks

pytestmark = pytest.mark.backend_neutral
ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def engine():
    with ProcessEngine(2, preload=None) as engine:
        yield engine


def test_results_come_in_order_from_as_many_processes_as_were_asked_for(engine, tmp_path):
    assert list(engine.map(tasks.square, range(5))) == [0, 1, 4, 9, 16]
    seen = list(engine.map(tasks.process, [tmp_path] * 2))
    assert len({number for number, *_ in seen}) == 2
    assert {folder for _, folder, _ in seen} == {os.getcwd()}
    if sys.platform == "linux":
        shares = [set(cores) for *_, cores in seen]
        assert set().union(*shares) == os.sched_getaffinity(0)
        assert len(shares[0] & shares[1]) == (len(os.sched_getaffinity(0)) == 1)
    assert "TF_FORCE_GPU_ALLOW_GROWTH" not in os.environ, "that is for workers alone"


def test_an_error_comes_back_with_where_it_was_raised(engine):
    with pytest.raises(ValueError, match="no good") as caught:
        engine.submit(tasks.failing, "portable").result()
    assert "in failing" in str(caught.value.__cause__)
    with pytest.raises(RuntimeError, match="TwoArgumentsError: 1 and 2"):
        engine.submit(tasks.failing, "other").result()
    # One that is raised is no sign of a dead worker.
    with pytest.raises(EOFError, match="of a file"):
        engine.submit(tasks.failing, "end").result()
    # What cannot be sent is no error of a worker.
    with pytest.raises((AttributeError, TypeError), match="pickle|local object"):
        engine.submit(lambda: None).result()
    assert engine.submit(tasks.square, 3).result() == 9


@pytest.mark.skipif(sys.platform == "win32", reason="needs SIGKILL")
def test_the_task_of_a_worker_that_dies_is_given_to_a_new_one(engine, tmp_path, caplog):
    assert engine.submit(tasks.dying, tmp_path, 2).result() == 3
    assert caplog.text.count("was ended by signal 9: a new one goes on with its task") == 2


@pytest.mark.skipif(sys.platform == "win32", reason="needs SIGKILL")
def test_a_task_over_which_every_worker_dies_is_given_up_and_others_are_done(engine, tmp_path):
    with pytest.raises(
        WorkerLostError,
        match="3 workers, .* died over this task, the last by signal 9.*try fewer workers",
    ):
        engine.submit(tasks.dying, tmp_path, 99).result()
    assert engine.submit(tasks.square, 3).result() == 9


@pytest.mark.skipif(sys.platform == "win32", reason="needs SIGKILL")
def test_a_worker_has_the_variables_and_the_lives_that_it_is_given(tmp_path):
    variables = {"KERAS_BACKEND": "another"}
    with ProcessEngine(1, preload=None, lives=1, variables=variables) as engine:
        assert engine.submit(tasks.variable, "KERAS_BACKEND").result() == "another"
        with pytest.raises(
            WorkerLostError, match="Its worker died over this task by signal 9.*smaller batch"
        ):
            engine.submit(tasks.dying, tmp_path, 1).result()
        assert engine.submit(tasks.variable, "KERAS_BACKEND").result() == "another"
    assert len(list(tmp_path.iterdir())) == 1
    with pytest.raises(ValueError, match="`lives` must be an integer of at least 1"):
        ProcessEngine(1, lives=0)


PROGRAM = """
import sys
from kerasrecipes.engine import ProcessEngine
from tests.engine import tasks

if __name__ == "__main__":
    with ProcessEngine(2, preload=None) as engine:
        list(engine.map(tasks.computing, sys.argv[1:] * 3))
"""


def _is_alive(process: int) -> bool:
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    state = Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()[0]
    return state != "Z"


@pytest.mark.skipif(sys.platform != "linux", reason="looks for processes in /proc")
@pytest.mark.parametrize("how", [signal.SIGKILL, signal.SIGTERM, signal.SIGINT])
def test_workers_end_with_their_parent_however_it_ends(tmp_path, request, how):
    program, seen = tmp_path / "program.py", tmp_path / "seen"
    program.write_text(PROGRAM)
    seen.mkdir()
    parent = subprocess.Popen(
        [sys.executable, program, seen],
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        stderr=subprocess.PIPE,
        # A shell that starts the tests in the background would have it ignore Ctrl-C.
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.default_int_handler),
    )
    request.addfinalizer(parent.kill)
    give_up = time.monotonic() + 60
    while len(workers := [int(path.name) for path in seen.iterdir()]) < 2:
        assert time.monotonic() < give_up
        time.sleep(0.02)
    parent.send_signal(how)
    parent.communicate(timeout=60)
    while any(map(_is_alive, workers)):
        assert time.monotonic() < give_up
        time.sleep(0.02)
    assert parent.returncode == -how
    assert len(list(seen.iterdir())) == 2, "what was not begun is left out"


def test_a_script_that_is_no_main_module_is_told_so(tmp_path):
    program = tmp_path / "program.py"
    program.write_text(PROGRAM.replace('if __name__ == "__main__":', "if True:"))
    done = subprocess.run(
        [sys.executable, program, tmp_path],
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert done.returncode == 1
    # Both fail; whichever has the first task names itself.
    assert re.search(r"WorkerLostError: worker [12] could not start: exit code 1\.", done.stderr)
    assert 'must stand under `if __name__ == "__main__":`' in done.stderr


def test_an_engine_that_was_closed_opens_again(tmp_path):
    engine = ProcessEngine(1, preload=None)
    assert not engine.is_open
    assert engine.submit(tasks.square, 2).result() == 4
    engine.shutdown()
    assert not engine.is_open
    with engine:
        assert engine.submit(tasks.square, 3).result() == 9


@pytest.mark.parametrize(("workers", "error"), [(0, ValueError), (1.5, TypeError)])
def test_the_number_of_workers_is_checked(workers, error):
    with pytest.raises(error, match="`workers` must be an integer"):
        ProcessEngine(workers)
