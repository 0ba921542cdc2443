import sys
import time

import pytest

from tests.tuning.black_box import Processes

pytestmark = [
    pytest.mark.backend_neutral,
    pytest.mark.skipif(sys.platform == "win32", reason="needs SIGKILL"),
]
# The lines of the journal at a kill: none, in the first rung, in the second rung, in the last one.
MOMENTS = (0, 3, 11, 20)
AWAY_SECONDS = 1.5


@pytest.fixture
def processes(tmp_path):
    found = Processes(tmp_path)
    yield found
    found.stop()


def test_chief_and_workers_share_a_search(processes):
    processes.start("chief", "worker0", "worker1")
    processes.finish()


@pytest.mark.parametrize("moment", [3, *(pytest.param(m, marks=pytest.mark.slow) for m in (0, 9))])
def test_a_worker_that_is_killed_gets_its_trial_again(processes, moment):
    processes.start("chief", "worker0", "worker1")
    processes.until(moment)
    processes.kill("worker1")
    time.sleep(0.2)
    processes.start("worker1")
    processes.finish()


@pytest.mark.parametrize("moment", [5, *(pytest.param(m, marks=pytest.mark.slow) for m in MOMENTS)])
def test_workers_wait_for_a_chief_that_is_killed(processes, moment):
    processes.start("chief", "worker0", "worker1")
    processes.until(moment)
    processes.kill("chief")
    time.sleep(AWAY_SECONDS)
    processes.start("chief")
    processes.finish()


@pytest.mark.slow
def test_a_chief_may_be_killed_again_and_again(processes):
    processes.epoch_seconds = 0.3
    processes.start("chief", "worker0", "worker1")
    for moment in (1, 4, 7, 9, 12, 15):
        processes.until(moment)
        processes.kill("chief")
        processes.start("chief")
    processes.finish()


@pytest.mark.slow
@pytest.mark.parametrize("moment", MOMENTS)
def test_all_are_killed_and_fewer_workers_continue(processes, moment):
    processes.start("chief", "worker0", "worker1")
    processes.until(moment)
    processes.kill("worker1", "chief", "worker0")
    processes.workers = ("worker0",)
    processes.start("chief", "worker0")
    processes.finish()


def test_a_chief_whose_workers_have_all_left_ends(processes):
    processes.start("chief", "worker0")
    processes.finish()
    processes.start("chief")
    processes.finish()
