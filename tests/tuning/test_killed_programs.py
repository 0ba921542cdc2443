import itertools
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


def test_a_launcher_leaves_no_process_behind_and_continues(tmp_path):
    program = Program(tmp_path, "--workers", "2")
    program.until(2)
    program.process.send_signal(signal.SIGINT)
    code, written = program.end()
    assert code == 130
    assert "The same command goes on" in written
    assert program.children() == []

    program = Program(tmp_path, "--workers", "2")
    program.until(5)
    program.kill("chief")
    code, written = program.end()
    assert code == 128 + signal.SIGKILL
    assert "The chief was ended by signal 9. The same command goes on." in written
    assert program.children() == []

    program = Program(tmp_path, "--workers", "2")
    program.until(8)
    program.kill("worker1")
    code, written = program.end()
    assert code == 0, written
    assert "worker1 ended with code -9: started again" in written
    assert program.children() == []
    rows = program.trials()
    # Workers end their trials in any order, but each trial once.
    names = sorted(row["trial"] for row in rows)
    assert names == sorted(set(names))
    assert all(row["status"] != "failed" for row in rows)
    for parent, row in itertools.product(rows, rows):
        if row["parent"] == parent["trial"]:
            assert row["epochs"] == parent["epochs"] + row["cost_epochs"]


def test_a_second_process_is_kept_out_of_a_search(tmp_path):
    # The first search is long enough to run when the second one has started.
    first = Program(tmp_path, "--rungs", "80x4")
    first.until(1)
    code, written = Program(tmp_path, "--rungs", "80x4").end()
    first.process.kill()
    assert code == 2
    assert "Another process is at work in" in written.splitlines()[-1]
    assert first.end()[0] == -signal.SIGKILL
