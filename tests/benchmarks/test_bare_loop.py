import multiprocessing
from concurrent.futures import ProcessPoolExecutor

import pytest

from tests.benchmarks.fit_and_bare import losses_of_both


def in_a_process_of(backend, function):
    """Returns what a function returns in a process of a backend."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("KERAS_BACKEND", backend)
        with ProcessPoolExecutor(1, mp_context=multiprocessing.get_context("spawn")) as pool:
            return pool.submit(function).result()


@pytest.mark.parametrize(
    "backend",
    [
        "tensorflow",
        pytest.param("jax", marks=pytest.mark.slow),
        pytest.param("torch", marks=pytest.mark.slow),
    ],
)
def test_the_loop_by_hand_trains_as_fit_does(backend):
    pytest.importorskip(backend)
    by_hand, fitted = in_a_process_of(backend, losses_of_both)
    assert fitted[1] < fitted[0] - 0.01
    assert by_hand == pytest.approx(fitted, rel=1e-4)
