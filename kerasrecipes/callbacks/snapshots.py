"""Callback that keeps the weights of each cycle's end."""

import keras
import numpy as np

from kerasrecipes.base.checks import check_integer
from kerasrecipes.callbacks.cycles import cycle_ends
from kerasrecipes.callbacks.model_state import state_variables, to_arrays
from kerasrecipes.callbacks.rates import schedule_of, separate_optimizers


class Snapshots(keras.callbacks.Callback):
    """Keeps a copy of the weights at the end of each cycle of the learning rate.

    A schedule with cycles, such as `keras.optimizers.schedules.CosineDecayRestarts` or `Cyclic`,
    leads a network into one minimum after another. The copies are taken after the step with the
    lowest rate, before it rises again, and are members of an ensemble for the price of one
    training: see `kerasrecipes.ensembles.average_snapshots`.

    `snapshots` and `steps` are part of the state that `ResumableCheckpoint` saves.

    Args:
        keep: Positive integer: only the last so many copies are kept, each as large as the model.
            Defaults to `None`: all.

    Raises:
        ValueError: If `keep` is below 1; when training begins, if the learning rate has no cycle
            that ends within it, there are fewer cycles than `keep`, or steps are taken several at
            once (`steps_per_execution`, gradient accumulation).

    Example:

    >>> model = keras.Sequential([keras.Input((1,)), keras.layers.Dense(1)])
    >>> restarts = keras.optimizers.schedules.CosineDecayRestarts(0.1, 4, t_mul=1.0)
    >>> model.compile(keras.optimizers.SGD(restarts), "mse")
    >>> x, snapshots = np.ones((8, 1)), Snapshots(keep=2)
    >>> fit = model.fit(x, x, batch_size=2, epochs=3, callbacks=[snapshots], verbose=0)
    >>> snapshots.steps, len(snapshots.snapshots)
    ([8, 12], 2)

    Reference:
        Huang et al., 2017, https://arxiv.org/abs/1704.00109
    """

    def __init__(self, keep: int | None = None):
        super().__init__()
        if keep is not None:
            check_integer("keep", keep, at_least=1)
        self.keep = keep
        self.snapshots: list[list[np.ndarray]] = []
        self.steps: list[int] = []
        self.ends: list[int] = []
        self.first_step = 0

    def on_train_begin(self, logs=None):
        optimizer = self.model.optimizer
        done = int(keras.ops.convert_to_numpy(optimizer.iterations))
        # What a checkpoint has restored is from before; the rest is of another training.
        kept = sum(step <= done for step in self.steps)
        self.steps, self.snapshots = self.steps[:kept], self.snapshots[:kept]
        self._check_single_steps()
        (schedule, *others) = [schedule_of(part) for part in separate_optimizers(optimizer)]
        epochs, steps = self.params["epochs"], self.params["steps"]
        if steps is None:
            raise ValueError(
                "The number of steps must be known to find the ends of cycles: give `fit` "
                "`steps_per_epoch`. Received: steps_per_epoch=None"
            )
        self.ends = [] if schedule is None or others else cycle_ends(schedule, epochs * steps)
        if len(self.ends) < (self.keep or 1):
            raise ValueError(
                f"Snapshots need a schedule of which {self.keep or 1} or more cycles end within "
                f"the {epochs * steps} steps of the training, such as CosineDecayRestarts or "
                f"Cyclic. Received: {type(schedule).__name__}, with {len(self.ends)} cycles"
            )

    def on_epoch_begin(self, epoch, logs=None):
        self.first_step = epoch * self.params["steps"]

    def on_train_batch_end(self, batch, logs=None):
        step = self.first_step + batch + 1
        if step not in self.ends or step in self.steps:
            return
        # On JAX, the weights are in the training loop until it is asked for them.
        getattr(self.model, "jax_state_sync", lambda: None)()
        self.steps.append(step)
        self.snapshots.append(to_arrays(state_variables(self.model)))
        if self.keep is not None:
            self.steps, self.snapshots = self.steps[-self.keep :], self.snapshots[-self.keep :]

    def _check_single_steps(self) -> None:
        accumulated = getattr(self.model.optimizer, "gradient_accumulation_steps", None) or 1
        at_once = self.model.steps_per_execution
        if at_once > 1 or accumulated > 1:
            raise ValueError(
                "Snapshots are taken after single steps, which are not seen where several are "
                "taken at once. Received: "
                f"steps_per_execution={at_once}, gradient_accumulation_steps={accumulated}"
            )
