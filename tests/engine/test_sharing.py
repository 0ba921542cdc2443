import pytest

from kerasrecipes.engine import sharing

pytestmark = pytest.mark.backend_neutral


@pytest.fixture(autouse=True)
def machine(monkeypatch):
    monkeypatch.setattr(sharing, "_cores", lambda: [0, 1, 2, 5, 6])
    for name in (*sharing._THREADS, *sharing._SHARING):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "4,7")


@pytest.mark.parametrize("workers", range(1, 8))
def test_cores_are_shared_out(workers):
    shares = [sharing.cores_of_worker(number, workers) for number in range(1, workers + 1)]
    assert set().union(*shares) == {0, 1, 2, 5, 6}
    assert max(map(len, shares)) - min(map(len, shares)) <= 1
    assert sum(map(len, shares)) == max(5, workers), "none has two owners while there are enough"


def test_gpus_are_given_in_turn_and_what_a_user_has_set_stays(monkeypatch):
    monkeypatch.setenv("OMP_NUM_THREADS", "3")
    given = [sharing.variables_of_worker(number) for number in (1, 2, 3)]
    assert [each["CUDA_VISIBLE_DEVICES"] for each in given] == ["4", "7", "4"]
    assert "OMP_NUM_THREADS" not in given[0]
    assert given[0]["TF_NUM_INTRAOP_THREADS"] == "5", "as many as a process alone has"
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "4")
    assert "CUDA_VISIBLE_DEVICES" not in sharing.variables_of_worker(2)
