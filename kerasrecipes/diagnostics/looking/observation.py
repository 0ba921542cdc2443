"""What is recorded of one call of `fit`."""

import time
import warnings
from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from typing import Any

import keras

from kerasrecipes.base.private.metrics import compiled_metrics, metric_direction
from kerasrecipes.diagnostics.facts.describing import described
from kerasrecipes.diagnostics.looking.budget import Budget, is_worth_compiling
from kerasrecipes.diagnostics.looking.fit_data import data_of_fit, ended_by
from kerasrecipes.diagnostics.looking.good_weights import GoodWeights
from kerasrecipes.diagnostics.looking.layer_probe import LayerProbe
from kerasrecipes.diagnostics.looking.layer_taps import tapped_layers
from kerasrecipes.diagnostics.looking.logged import EpochLogs, StepLosses
from kerasrecipes.diagnostics.record.probes import Probe
from kerasrecipes.diagnostics.record.record import Record
from kerasrecipes.diagnostics.record.series import Series

NOT_COMPILED = "On JAX, looks at layers are compiled: this training is too short to pay for that."


def failure(error: Exception) -> str:
    """Returns an error in one line; where Keras tells of a layer's call first, with what it was."""
    lines = [line.strip() for line in str(error).splitlines() if line.strip()] or [""]
    said = lines[:2] if lines[0].startswith("Exception encountered") else lines[:1]
    return f"{type(error).__name__}: {' '.join(said)}"


class Observation:
    """Records one call of `fit`, from its callbacks. Whatever fails is named in `record.missing`.

    Args:
        model: The model that is trained.
        data: As `data_of_fit` takes it.
        planned_epochs: The number of epochs that were asked for.
        steps_per_epoch: The steps of an epoch, if they are known.
    """

    def __init__(self, model: keras.Model, data: Any, planned_epochs: int, steps_per_epoch):
        self._model = model
        self._data = data
        self._planned_epochs = planned_epochs
        self._steps_per_epoch = steps_per_epoch
        self._budget = Budget()
        self._facts = Record()
        self._missing: dict[str, str] = {}
        self._logs = EpochLogs()
        self._losses = StepLosses(steps_per_epoch and steps_per_epoch * planned_epochs)
        self._good = GoodWeights(model)
        self._probe: LayerProbe | None = None
        self._looks: list[Probe] = []
        # On JAX, a look waits until it is known what compiling it would cost.
        self._compiled = keras.backend.backend() != "jax"
        self._first_step: tuple[float, float | None] | None = None
        self._epoch = 0
        self._directions: dict[str, str] = {}
        self._stopped_by: str | None = "interruption"

    def begin(self) -> None:
        """Records what is known before the first step."""
        with self._budget.spending(free=True):
            self._try("data", self._describe)
            self._try("weights", lambda: self._good.keep(0))
            if self._compiled:
                self._try("probes", lambda: self._look(0))
            else:
                self._try("probes", lambda: self._look_at_weights(0))

    def begin_epoch(self, epoch: int) -> None:
        """Notes an epoch's beginning: the first one need not be 0."""
        if not len(self._logs) and epoch:
            self._epoch = epoch
            self._looks = [replace(look, epoch=epoch) for look in self._looks]

    def begin_step(self) -> None:
        """Times the first step, which is compiled."""
        if self._first_step is None:
            self._first_step = time.perf_counter(), None
        elif self._first_step[1] is None:
            self._first_step = self._first_step[0], time.perf_counter() - self._first_step[0]

    def end_step(self, step: int, logs: Mapping[str, Any]) -> bool:
        """Notes a loss, and returns whether to go on.

        Args:
            step: The number of finished steps of the epoch.
            logs: What was logged.
        """
        if isinstance(loss := logs.get("loss"), float):
            self._losses.add(step, loss)
        return self._losses.bad_step is None

    def end_epoch(self, epoch: int, logs: Mapping[str, Any]) -> None:
        """Records an epoch, and looks at the model if it is time to."""
        self.begin_step()
        self._epoch = epoch + 1
        self._losses.end_epoch()
        logs = {**logs, **self._rate(logs)}
        self._logs.add(logs)
        if self._losses.bad_step is not None:
            self._try("probes", lambda: self._look_again(always=True))
            self._try("weights", self._good.restore)
            return
        last = self._epoch >= self._planned_epochs or self._model.stop_training
        self._try("probes", lambda: self._look_again(always=last))
        if not last and self._budget.allows(self._cost_of_keeping):
            with self._budget.spending():
                self._try("weights", lambda: self._good.keep(self._epoch))
            self._cost_of_keeping = self._budget.last

    _cost_of_keeping = 0.0

    def end(self) -> None:
        """Records the end of a training that was not interrupted."""
        self._stopped_by = None
        if self._losses.bad_step is not None:
            self._stopped_by = "divergence"
            return
        if self._epoch < self._planned_epochs:
            self._stopped_by = ended_by(self._model)
        if self._looks and self._looks[-1].step < self._losses.steps:
            self._try("probes", lambda: self._look_again(always=True))

    @property
    def bad_step(self) -> int | None:
        """The first step whose loss was not finite, counted from 1."""
        return self._losses.bad_step

    @property
    def record(self) -> Record:
        """What has been recorded until now."""
        missing = {**self._facts.missing, **self._missing}
        reason = missing.get("probes") or (None if self._compiled else NOT_COMPILED)
        if reason is not None:
            missing = {"looks": reason, "trend": reason, **missing}
        unfinished = self._epoch < self._planned_epochs
        series = Series(
            self._logs.values,
            planned_epochs=self._planned_epochs,
            steps=self._losses.values,
            stopped_by=self._stopped_by if unfinished or self.bad_step is not None else None,
            bad_step=self.bad_step,
            directions=self._directions,
        )
        return replace(
            self._facts,
            series=series if len(series) else None,
            probes=tuple(self._looks),
            missing=missing,
        )

    def _try(self, part: str, function: Callable[[], Any]) -> Any:
        """Calls a function, and names what is missing if it fails: no failure reaches `fit`."""
        try:
            with warnings.catch_warnings():
                # The training warns by itself of what it does.
                warnings.simplefilter("ignore")
                return function()
        except Exception as error:
            self._missing.setdefault(part, failure(error))
            return None

    def _describe(self) -> None:
        given = data_of_fit(self._model, self._data)
        if given.x is not None:
            self._try("probes", lambda: self._make_probe(given))
        else:
            self._missing["probes"] = given.missing.get("data.inputs", "There are no data.")
        steps = self._steps_per_epoch
        self._facts = described(self._model, given, steps and steps * self._planned_epochs)
        if self._probe is not None:
            self._probe.outputs = self._facts.outputs

    def _make_probe(self, given) -> None:
        probe = LayerProbe(self._model, given.x, given.y)
        probe.build()
        self._probe = probe

    def _look_again(self, always: bool) -> None:
        """Looks at the model, if it is time to and the time may be spent."""
        if self._probe is None or not (always or self._budget.is_due(self._epoch)):
            return
        if not self._compiled and self._is_worth_compiling():
            self._compiled = True
            with self._budget.spending(free=True):
                if (first := self._good.arrays) is not None and self._good.epoch == 0:
                    start = self._looks.pop()
                    self._looks.append(self._probe.look(start.epoch, start.step, first))
                self._look(self._epoch)
            return
        cost = self._cost_of_looking if self._compiled else 0.0
        if always or self._budget.allows(cost):
            with self._budget.spending():
                (self._look if self._compiled else self._look_at_weights)(self._epoch)
            self._cost_of_looking = self._budget.last

    _cost_of_looking = 0.0

    def _look(self, epoch: int) -> None:
        if self._probe is not None:
            self._looks.append(self._probe.look(epoch, self._losses.steps))
            self._budget.looked(epoch)

    def _look_at_weights(self, epoch: int) -> None:
        if self._probe is not None:
            self._looks.append(self._probe.look_at_weights(epoch, self._losses.steps))
            self._budget.looked(epoch)

    def _is_worth_compiling(self) -> bool:
        first = self._first_step[1] if self._first_step else None
        epochs = max(1, len(self._logs))
        left = max(0, self._planned_epochs - self._epoch)
        layers = sum(bool(layer.weights) for layer in tapped_layers(self._model).values())
        elapsed = self._budget.elapsed
        return is_worth_compiling(layers, first, elapsed + elapsed / epochs * left)

    def _rate(self, logs: Mapping[str, Any]) -> dict[str, float]:
        """Returns the learning rate, if it is not logged."""
        if "learning_rate" in logs:
            return {}
        self._try("series.directions", self._find_directions)
        rate = self._try("series.learning_rate", lambda: _learning_rate(self._model))
        return {} if rate is None else {"learning_rate": rate}

    def _find_directions(self) -> None:
        if not self._directions:
            self._directions = dict(_directions(compiled_metrics(self._model)))


def _learning_rate(model: keras.Model) -> float:
    return float(keras.ops.convert_to_numpy(model.optimizer.learning_rate))


def _directions(metrics: Iterable[keras.metrics.Metric]) -> Iterable[tuple[str, str]]:
    for metric in metrics:
        if (direction := metric_direction(metric)) is not None:
            yield metric.name, direction
