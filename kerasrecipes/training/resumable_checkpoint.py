"""Checkpoint from which training resumes as if it had never been interrupted."""

import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import keras

from kerasrecipes.callbacks.model_state import assign, state_variables, to_arrays
from kerasrecipes.training.resuming.carried_state import (
    callback_state,
    check_carried,
    global_random_state,
    seeded_random_state,
    set_global_random_state,
)
from kerasrecipes.training.resuming.checkpoint_file import CheckpointFile, read_newest

# After a checkpoint within an epoch, so many times its own duration pass before the next one: what
# such checkpoints cost is under 2%.
PAUSE = 50


class ResumableCheckpoint(keras.callbacks.Callback):
    """Saves everything that the remaining epochs depend on, after every epoch, in one file.

    The file holds the model's variables, with the states of its seed generators, which neither
    `.keras` nor `.weights.h5` files hold; the optimizer's variables; and the state of other
    callbacks. Their state consists of all attributes that are numbers, strings, arrays, or lists
    and dictionaries of these, except for those that are arguments.

    The file is replaced in one step and the previous file is kept. So a process that is killed
    loses no more than the epoch that it was in. If a file is damaged, the previous one is used, and
    a warning says so.

    With `minutes`, a second file is written within epochs. It also holds the metrics of the epoch
    so far. To go on from it, `first_step` says how many steps of the epoch are done: give `fit` the
    batches from there on, `steps_per_epoch` less as many, and end it after this one epoch. Then
    restore the checkpoint of that epoch, and train the other epochs.

    Place it last in the list of callbacks that `fit` is given.

    Differs from `keras.callbacks.BackupAndRestore` in: callbacks such as `EarlyStopping` continue
    their counts; dropout continues its sequence of random numbers; a resumed epoch has the logs of
    a whole one.

    Args:
        path: Path of the file, with the suffix `.npz`.
        callbacks: The callbacks whose state is saved and restored. To restore a file, give them in
            the same order as when it was written.
        minutes: Positive float. The time after which the next checkpoint is written within an
            epoch. Defaults to `None`: none is. It is prolonged to 50 times what one takes.
        seed: Integer, with which PyTorch's global generators begin the first epoch, so that what
            unseeded dropout draws does not depend on what was computed before the training.
            Defaults to `None`: as they are.

    Example:

    ```python
    early = keras.callbacks.EarlyStopping(patience=5)
    checkpoint = ResumableCheckpoint("checkpoint.npz", callbacks=[early])
    finished = checkpoint.restore(model)
    model.fit(..., initial_epoch=finished, callbacks=[early, checkpoint])
    ```
    """

    def __init__(
        self,
        path: str | Path,
        callbacks: Sequence[keras.callbacks.Callback] = (),
        minutes: float | None = None,
        seed: int | None = None,
    ):
        super().__init__()
        self.path = Path(path)
        self.callbacks = list(callbacks)
        self.minutes = minutes
        self.seed = seed
        self.stopped = False
        self.first_step = 0
        self._restored: dict[str, Any] = {}
        self._random: list = []
        self._damaged: list[Path] = []
        self._due = 0.0

    @property
    def finished_epochs(self) -> int:
        """The number of finished epochs in the last checkpoint; 0 without one."""
        saved, _ = read_newest([self.path, self._previous])
        return 0 if saved is None else saved.epochs

    def restore(self, model: keras.Model, *, within_epoch: bool = True) -> int:
        """Restores the state of a compiled model and of the callbacks from the last checkpoint.

        Args:
            model: The model, compiled as it was when the checkpoint was written.
            within_epoch: Whether a checkpoint within an epoch counts.

        Returns:
            The number of finished epochs, for `fit(initial_epoch=...)`; 0 without a checkpoint.
            Afterwards, the attribute `stopped` says whether a callback had ended the training, and
            `first_step` how many steps of the next epoch are done.

        Raises:
            ValueError: If the checkpoint is of another model or optimizer, or if there are
                checkpoints and all are damaged.
        """
        paths = [self._within] if within_epoch else []
        saved, self._damaged = read_newest([*paths, self.path, self._previous])
        if saved is None:
            self._random = [] if self.seed is None else seeded_random_state(self.seed)
            return 0
        # A `LossScaleOptimizer` would add its variables a second time.
        if not model.optimizer.built:
            model.optimizer.build(model.trainable_variables)
        self._restored = saved.contents
        shapes = [tuple(v.shape) for v in _variables(model)]
        if shapes != [array.shape for array in self._restored["variables"]]:
            raise ValueError(
                "The checkpoint must be one of this model and optimizer, but its variables have "
                f"other shapes. Received: {self.path}"
            )
        assign(_variables(model), self._restored["variables"])
        self._restore_callbacks()
        self._random = self._restored["random"]
        self.stopped, self.first_step = self._restored["stopped"], saved.steps
        return saved.epochs

    def save_within_epoch(self, batch: int) -> None:
        """Saves a checkpoint before batch number `batch` of this `fit`'s epoch."""
        began = time.monotonic()
        steps = self.first_step + batch
        contents = self._contents() | {"metrics": to_arrays(self.model.metrics_variables)}
        CheckpointFile(self._epoch, steps, contents).write(self._within)
        self._wait(time.monotonic() - began)

    def on_train_begin(self, logs=None):
        if self.minutes is not None:
            check_carried(self.callbacks)
        # A second time, because `EarlyStopping` and others reset their counts here.
        self._restore_callbacks()
        self._wait()

    def on_epoch_begin(self, epoch, logs=None):
        self._epoch = epoch
        if self.first_step:
            # Other callbacks and Keras itself have begun the epoch anew.
            assign(_variables(self.model), self._restored["variables"])
            assign(self.model.metrics_variables, self._restored["metrics"])
            self._restore_callbacks()
        self._restored = {}

    def on_train_batch_begin(self, batch, logs=None):
        if batch == 0:
            # Not earlier: the iterator that `fit` makes draws from PyTorch's global generator, and
            # so may other callbacks. An undisturbed run has not drawn since its last epoch.
            set_global_random_state(self._random)
        elif self.minutes is not None and time.monotonic() >= self._due:
            self.save_within_epoch(batch)

    def on_epoch_end(self, epoch, logs=None):
        contents = self._contents()
        # A damaged file must not take the place of the one that was restored.
        previous = None if self.path in self._damaged else self._previous
        CheckpointFile(epoch + 1, 0, contents).write(self.path, previous=previous)
        self._within.unlink(missing_ok=True)
        self._random, self._damaged, self.first_step = contents["random"], [], 0
        self._wait()

    def _contents(self) -> dict[str, Any]:
        return {
            "stopped": bool(self.model.stop_training),
            "variables": to_arrays(_variables(self.model)),
            "optimizer_variables": [v.name for v in self.model.optimizer.variables],
            "random": global_random_state(),
            "callbacks": [callback_state(callback) for callback in self.callbacks],
        }

    def _restore_callbacks(self) -> None:
        for callback, state in zip(
            self.callbacks, self._restored.get("callbacks", ()), strict=False
        ):
            vars(callback).update(state)

    def _wait(self, seconds: float = 0.0) -> None:
        """Puts off the next checkpoint within an epoch; the last one took so many seconds."""
        self._due = time.monotonic() + max(60 * (self.minutes or 0), PAUSE * seconds)

    @property
    def _previous(self) -> Path:
        return self.path.with_name(f"previous-{self.path.name}")

    @property
    def _within(self) -> Path:
        return self.path.with_name(f"within-epoch-{self.path.name}")


def _variables(model: keras.Model) -> list:
    return [*state_variables(model), *model.optimizer.variables]
