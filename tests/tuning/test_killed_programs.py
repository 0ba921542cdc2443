import os
import signal
import sys

import pytest

from kerasrecipes.training.files.run_folders import find_runs
from tests.tuning.search_program import Program

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(sys.platform != "linux", reason="looks for processes in /proc"),
]


@pytest.fixture(scope="module")
def whole(tmp_path_factory):
    program = Program(tmp_path_factory.mktemp("whole"))
    assert program.end()[0] == 0
    return program.trials()


@pytest.mark.parametrize("moments", [(1, 6, 13), (3, 8, 10)])
def test_a_search_that_is_killed_in_mid_trial_ends_as_one_that_was_not(tmp_path, whole, moments):
    for epochs in moments:
        program = Program(tmp_path)
        program.until(epochs)
        program.process.kill()
        assert program.end()[0] == -signal.SIGKILL
    program = Program(tmp_path)
    assert program.end()[0] == 0
    assert program.trials() == whole
    # No epoch was trained by two runs.
    runs = find_runs(next(tmp_path.glob("saved_models/*/runs")))
    assert len({run.name for run in runs}) == len(runs)


def test_a_search_with_workers_leaves_none_behind_and_goes_on_to_the_same_table(tmp_path):
    folders = [tmp_path / name for name in ("whole", "killed")]
    for folder in folders:
        folder.mkdir()
    program = Program(folders[0], "--workers", "2")
    assert program.end()[0] == 0
    whole = program.trials()

    program = Program(folders[1], "--workers", "2")
    program.until(2)
    program.process.kill()
    assert program.end()[0] == -signal.SIGKILL
    assert program.workers_end()

    program = Program(folders[1], "--workers", "2")
    program.until(5)
    program.process.send_signal(signal.SIGINT)
    code, written = program.end()
    assert code == 130
    assert "The same command goes on" in written
    assert program.workers() == []

    program = Program(folders[1], "--workers", "2")
    program.until(8)
    os.kill(program.workers()[0], signal.SIGKILL)
    code, written = program.end()
    assert code == 0, written
    assert "was ended by signal 9: a new one goes on with its task" in written
    assert program.workers() == []
    assert program.trials() == whole


def test_a_second_process_is_kept_out_of_a_search(tmp_path):
    # The first search is long enough to run when the second one has started.
    first = Program(tmp_path, "--rungs", "80x4")
    first.until(1)
    code, written = Program(tmp_path, "--rungs", "80x4").end()
    first.process.kill()
    assert code == 2
    assert "Another process is at work in" in written.splitlines()[-1]
    assert first.end()[0] == -signal.SIGKILL
