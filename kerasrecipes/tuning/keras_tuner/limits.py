"""Constraints of a search while a trial trains: what it measures, and when it must end."""

import json
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import keras
import keras_tuner
import numpy as np

from kerasrecipes.base.checks import nearest
from kerasrecipes.base.files import write_json
from kerasrecipes.base.text import listed
from kerasrecipes.tuning.constraints import PARAMETERS, SECONDS_PER_STEP, Constraint
from kerasrecipes.tuning.keras_tuner.trial_files import MEASURED


class Infeasible(keras_tuner.errors.FailedTrialError):
    """A trial does not keep to the constraints of its search."""


class Limits(keras.callbacks.Callback):
    """Measures the constrained quantities of a trial, and ends it where one is beyond its bound.

    The number of parameters is known before the first step. The time of a step is the median from
    the end of one step to the end of the next, input included; the first step, in which a backend
    compiles, does not count. It is judged after each epoch.

    Args:
        constraints: The constraints.
        folder: The folder of the trial, into which measured.json is written.
    """

    def __init__(self, constraints: Sequence[Constraint], folder: Path):
        super().__init__()
        self.constraints, self.folder = constraints, folder
        self._steps: list[float] = []
        self._before: float | None = None
        self._is_warm = False

    def on_train_begin(self, logs=None):
        self._judge({PARAMETERS: self.model.count_params()})

    def on_epoch_begin(self, epoch, logs=None):
        self._before = time.perf_counter()

    def on_train_batch_end(self, batch, logs=None):
        now = time.perf_counter()
        if self._is_warm and self._before is not None:
            self._steps.append(now - self._before)
        self._is_warm, self._before = True, now

    def on_epoch_end(self, epoch, logs=None):
        if self._steps:
            self._judge({SECONDS_PER_STEP: float(np.median(self._steps))})

    def _judge(self, measured: Mapping[str, float]) -> None:
        note_measured(self.folder, self.constraints, measured)
        check_limits(self.constraints, measured)


def note_measured(
    folder: Path, constraints: Sequence[Constraint], measured: Mapping[str, float]
) -> None:
    """Writes the constrained ones among some quantities into a trial's folder, beside others."""
    named = {each.quantity for each in constraints}
    kept = {name: float(value) for name, value in measured.items() if name in named}
    if kept:
        write_json(folder / MEASURED, read_measured(folder) | kept)


def read_measured(folder: Path) -> dict[str, float]:
    """Returns the constrained quantities of a trial, as far as they are known."""
    path = folder / MEASURED
    return json.loads(path.read_text("utf-8")) if path.is_file() else {}


def check_logged(constraints: Sequence[Constraint], folder: Path, metrics: Any) -> None:
    """Notes the constrained quantities that a trial logged last, and raises `Infeasible`.

    Args:
        constraints: The constraints.
        folder: The folder of the trial.
        metrics: keras-tuner's metrics of the trial.

    Raises:
        Infeasible: If one is beyond its bound.
        ValueError: If a constrained quantity is not among those that are logged. It ends the
            search.
    """
    known = [PARAMETERS, SECONDS_PER_STEP, *metrics.metrics]
    for each in constraints:
        if each.quantity not in known:
            raise keras_tuner.errors.FatalValueError(
                f"A constraint is on {each.quantity!r}, which is not logged."
                f"{nearest(each.quantity, known)} Expected one of: {listed(known)}. "
                f"Received: {each}"
            )
    named = [each.quantity for each in constraints if metrics.exists(each.quantity)]
    logged = {name: float(metrics.get_history(name)[-1].mean()) for name in named}
    note_measured(folder, constraints, logged)
    check_limits(constraints, logged)


def check_limits(constraints: Sequence[Constraint], measured: Mapping[str, float]) -> None:
    """Raises `Infeasible` if a quantity is beyond its bound; one that is not given is not."""
    broken = [
        each.broken_by(measured[each.quantity])
        for each in constraints
        if each.quantity in measured and not each.holds(measured[each.quantity])
    ]
    if broken:
        raise Infeasible("; ".join(broken))
