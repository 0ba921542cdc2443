"""The parts of the benchmark: which trainings each recording holds."""

from collections.abc import Callable, Iterable

from diagnosis.trainings.healthy import healthy_runs
from diagnosis.trainings.planted import planted_runs
from diagnosis.trainings.programs import fixed_programs, programs
from diagnosis.trainings.runs import Run

# Real programs are recorded on two backends, since the same fault looks different there; the rest
# on JAX, where a small training takes a fraction of a second, and every fault is as it is written.
PARTS: dict[str, Callable[[], Iterable[Run]]] = {
    "programs-jax": programs,
    "programs-tensorflow": programs,
    "fixed-jax": fixed_programs,
    "fixed-tensorflow": fixed_programs,
    "planted-tuning": lambda: planted_runs(is_scored=False),
    "healthy-tuning": lambda: healthy_runs(is_scored=False),
    "planted-scored": lambda: planted_runs(is_scored=True),
    "healthy-scored": lambda: healthy_runs(is_scored=True),
}
