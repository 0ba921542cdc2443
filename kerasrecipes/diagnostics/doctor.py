"""The callback that watches a training."""

import functools
from collections.abc import Collection
from dataclasses import replace
from pathlib import Path
from typing import Any

import keras

from kerasrecipes.base.checks import check_choice
from kerasrecipes.diagnostics.findings.catalogue import KINDS
from kerasrecipes.diagnostics.findings.diagnosis import Diagnosis, NotRun
from kerasrecipes.diagnostics.looking.observation import Observation, failure
from kerasrecipes.diagnostics.record.record import Record
from kerasrecipes.diagnostics.rules.judging import judged


def _unfailing(method):
    """Makes a method of `Doctor` name its failure, where others raise it."""

    @functools.wraps(method)
    def called(self, *arguments, **keywords):
        try:
            return method(self, *arguments, **keywords)
        except Exception as error:
            self._failures.setdefault("doctor", f"{method.__name__}: {failure(error)}")

    return called


class Doctor(keras.callbacks.Callback):
    """Says what is wrong with a training, why, and what to change; quiet where nothing is.

    It watches `fit`: how model, loss, optimizer and data fit together, what is logged, and what the
    layers compute on 32 training samples. At the end, it prints what it has found.

    No number of the training changes, to the last digit, with one exception: when the loss is NaN
    or infinite, the training is stopped, and model and optimizer get the state back that they had
    at the end of the last good epoch. A copy of it is kept in memory. Nothing that fails in the
    doctor ends a training: it is listed among what could not be checked.

    The looks take at most 2% of the time, beyond a second. On JAX, where they are compiled, a
    network of more than 12 layers with weights is looked at only if the training is long enough to
    pay for that: five minutes or more.

    Args:
        data: The data that the model is trained on, where they cannot be read from `fit`:
            `(x, y)`, `(x, y, (validation_x, validation_y))`, or a data set. A generator is never
            consumed: without `data`, nothing is said of the data that it yields.
        report: Path of a file that ends in `.html` (a page), `.json` or `.txt`, to which the
            diagnosis is written at the end.
        verbose: 0 to print only what is wrong, at the end; 1 to print, too, what is found between
            epochs, and that nothing is wrong.
        ignore: Kinds of findings that are left out, such as `("overfitting",)`; see `KINDS`.

    Raises:
        ValueError: If an argument is out of range.

    Example:

    >>> x = np.random.default_rng(0).normal(size=(64, 4))
    >>> x[7] = np.nan
    >>> model = keras.Sequential([keras.Input((4,)), keras.layers.Dense(1)])
    >>> model.compile("adam", "mean_squared_error")
    >>> doctor = Doctor()
    >>> history = model.fit(x, np.zeros(64), epochs=2, verbose=0, callbacks=[doctor])
    error: The loss was NaN or infinite at step ..., in epoch 1. There are NaN or infinities in ...
    >>> doctor.diagnosis.findings[0].id
    'loss_not_finite'
    """

    # Keras then calls `on_train_batch_end` in another thread, where it waits for the loss anyway.
    async_safe = True

    def __init__(
        self,
        data: Any = None,
        report: str | Path | None = None,
        verbose: int = 0,
        ignore: Collection[str] = (),
    ):
        super().__init__()
        check_choice("verbose", verbose, (0, 1))
        if report is not None and Path(report).suffix not in (".html", ".json", ".txt"):
            raise ValueError(
                "`report` must be a path that ends in .html, .json or .txt. "
                f"Received: report={report!r}"
            )
        if isinstance(ignore, str) or set(ignore) - set(KINDS):
            raise ValueError(
                f"`ignore` must name kinds of findings: {', '.join(sorted(KINDS))}. "
                f"Received: ignore={ignore!r}"
            )
        self.data = data
        self.report = report
        self.verbose = verbose
        self.ignore = ignore
        self._observation: Observation | None = None
        self._record = Record()
        self._failures: dict[str, str] = {}
        self._told: set[tuple[str, str]] = set()

    @property
    def record(self) -> Record:
        """What was measured of the last `fit`, also of one that was interrupted."""
        record = self._record if self._observation is None else self._observation.record
        return replace(record, missing={**record.missing, **self._failures})

    @property
    def diagnosis(self) -> Diagnosis:
        """What is wrong with the last `fit`, also with one that was interrupted."""
        try:
            return judged(self.record, self.ignore)
        except Exception as error:
            return Diagnosis((), not_run=(NotRun("Is anything wrong?", repr(error)),))

    def set_model(self, model):
        super().set_model(model)
        # On JAX, `self.model` gives the model its state back, which another thread must not do
        # between two steps.
        self._without_sync = model

    @_unfailing
    def on_train_begin(self, logs=None):
        params = self.params or {}
        self._told, self._failures = set(), {}
        self._observation = Observation(
            self.model, self.data, params.get("epochs") or 1, params.get("steps")
        )
        self._observation.begin()

    @_unfailing
    def on_epoch_begin(self, epoch, logs=None):
        if self._observation is not None:
            self._observation.begin_epoch(epoch)

    @_unfailing
    def on_train_batch_begin(self, batch, logs=None):
        if self._observation is not None:
            self._observation.begin_step()

    @_unfailing
    def on_train_batch_end(self, batch, logs=None):
        if self._observation is not None and not self._observation.end_step(batch + 1, logs or {}):
            self._without_sync.stop_training = True

    @_unfailing
    def on_epoch_end(self, epoch, logs=None):
        if self._observation is None:
            return
        _ = self.model  # On JAX, it has its state from here on.
        self._observation.end_epoch(epoch, logs or {})
        if self.verbose:
            self._tell()

    @_unfailing
    def on_train_end(self, logs=None):
        if self._observation is None:
            return
        self._observation.end()
        self._record, self._observation = self._observation.record, None
        self.conclude()

    def conclude(self) -> None:
        """Prints what was found in a training, and writes the report."""
        diagnosis = self.diagnosis
        if diagnosis.findings or self.verbose:
            print(diagnosis.verdict())
        if self.report is not None:
            try:
                diagnosis.write(self.report, self.record)
            except Exception as error:
                print(f"The doctor's report could not be written: {error}")

    def _tell(self) -> None:
        """Prints what was not found before."""
        for finding in self.diagnosis.findings:
            if finding.is_alarm and (finding.id, finding.where) not in self._told:
                print(f"\n{finding.severity}: {finding.sentence}")
                self._told.add((finding.id, finding.where))

    def __getstate__(self):
        # What is live (a model in the middle of its training) does not travel.
        return {**vars(self), "_observation": None, "_record": self.record, "_model": None}
