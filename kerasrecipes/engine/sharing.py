"""Shares of a machine: by which cores and environment variables workers share it."""

import contextlib
import os
from collections.abc import Iterator, Mapping
from pathlib import Path

# TensorFlow's threads; those of NumPy, SciPy, oneDNN and PyTorch; JAX's.
_THREADS = (
    "TF_NUM_INTRAOP_THREADS", "TF_NUM_INTEROP_THREADS",
    "OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS",
    "NPROC",
)  # fmt: skip
_SHARING = {
    # Threads that wait give up their core: there are more of them than cores.
    "OMP_WAIT_POLICY": "PASSIVE",
    # Without these, the first of several processes on a GPU takes all of its memory.
    "TF_FORCE_GPU_ALLOW_GROWTH": "true",
    "XLA_PYTHON_CLIENT_PREALLOCATE": "false",
}
_VISIBLE = "CUDA_VISIBLE_DEVICES"


def cores_of_worker(number: int, workers: int) -> set[int] | None:
    """Returns the cores that a worker runs on; `None` where they cannot be chosen.

    Args:
        number: Which of the workers it is, from 1.
        workers: How many there are. Where there are more of them than cores, some share one.
    """
    cores = _cores()
    if cores is None:
        return None
    if workers >= len(cores):
        return {cores[(number - 1) % len(cores)]}
    first, last = ((each * len(cores)) // workers for each in (number - 1, number))
    return {*cores[first:last]}


def variables_of_worker(number: int) -> dict[str, str]:
    """Returns the environment variables of a worker; those that a user has set stay.

    It computes in as many threads as a process alone would, whatever its share of the cores: by the
    number of its threads, TensorFlow splits sums, and so rounds them.

    Args:
        number: Which of the workers it is, from 1.
    """
    cores = _cores()
    threads = thread_variables(len(cores)) if cores else {}
    gpus = _gpus()
    chosen = {_VISIBLE: gpus[(number - 1) % len(gpus)]} if gpus else {}
    variables = {**threads, **_SHARING}
    return {name: value for name, value in variables.items() if name not in os.environ} | chosen


def thread_variables(threads: int) -> dict[str, str]:
    """Returns the environment variables by which libraries compute in so many threads."""
    return dict.fromkeys(_THREADS, str(threads))


@contextlib.contextmanager
def with_variables(variables: Mapping[str, str]) -> Iterator[None]:
    """Sets environment variables for what is started inside."""
    before = {name: os.environ.get(name) for name in variables}
    os.environ.update(variables)
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                del os.environ[name]
            else:
                os.environ[name] = value


def _cores() -> list[int] | None:
    """Returns the cores that this process may use; `None` where that cannot be known."""
    return sorted(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else None


def _gpus() -> list[str]:
    """Returns the GPUs of NVIDIA that this process may use; none where there are less than two."""
    given = os.environ.get(_VISIBLE)
    if given is None:
        found = [str(each) for each in range(len(list(Path("/dev").glob("nvidia[0-9]*"))))]
    else:
        found = [each for each in given.split(",") if each]
    return found if len(found) > 1 else []
