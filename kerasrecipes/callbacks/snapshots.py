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

    `snapshots` and `steps` are part of the state that `ResumableCheckpoint` saves. As a callback of
    a recipe, `use("Snapshots")`, it makes the run keep them as models: see
    `kerasrecipes.Run.snapshots`.

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

    # It counts steps by those of the optimizer, so that an epoch may be resumed in its middle.
    resumes_within_epochs = True

    def __init__(self, keep: int | None = None):
        super().__init__()
        if keep is not None:
            check_integer("keep", keep, at_least=1)
        self.keep = keep
        self.snapshots: list[list[np.ndarray]] = []
        self.steps: list[int] = []
        self.ends: list[int] = []
        self.planned = False
        self.step = 0

    def check(self, model: keras.Model, total_steps: int) -> list[int]:
        """Returns the steps after which a training takes snapshots.

        Args:
            model: The compiled model.
            total_steps: The number of steps of the training.

        Raises:
            ValueError: As the class does when training begins.
        """
        _check_single_steps(model)
        (schedule, *others) = [schedule_of(part) for part in separate_optimizers(model.optimizer)]
        ends = [] if schedule is None or others else cycle_ends(schedule, total_steps)
        if len(ends) < (self.keep or 1):
            raise ValueError(
                f"Snapshots need a schedule of which {self.keep or 1} or more cycles end within "
                f"the {total_steps} steps of the training, such as CosineDecayRestarts or "
                f"Cyclic. Received: {type(schedule).__name__}, with {len(ends)} cycles"
            )
        return ends

    def on_train_begin(self, logs=None):
        if self.params["steps"] is None:
            raise ValueError(
                "The number of steps must be known to find the ends of cycles: give `fit` "
                "`steps_per_epoch`. Received: steps_per_epoch=None"
            )
        # What a checkpoint has restored is from before; the rest is of another training.
        done = self._steps_done()
        kept = sum(step <= done for step in self.steps)
        self.steps, self.snapshots = self.steps[:kept], self.snapshots[:kept]
        # A checkpoint puts back that it was: the rest of an epoch is a `fit` of its own, which does
        # not know how long the training is.
        self.planned = False

    def on_epoch_begin(self, epoch, logs=None):
        self.step = self._steps_done()
        if not self.planned:
            remaining = (self.params["epochs"] - epoch) * self.params["steps"]
            self.ends = self.check(self.model, self.step + remaining)
            self.planned = True

    def on_train_batch_end(self, batch, logs=None):
        self.step += 1
        if self.step not in self.ends or self.step in self.steps:
            return
        # On JAX, the weights are in the training loop until it is asked for them.
        getattr(self.model, "jax_state_sync", lambda: None)()
        self.steps.append(self.step)
        self.snapshots.append(to_arrays(state_variables(self.model)))
        if self.keep is not None:
            self.steps, self.snapshots = self.steps[-self.keep :], self.snapshots[-self.keep :]

    def _steps_done(self) -> int:
        return int(keras.ops.convert_to_numpy(self.model.optimizer.iterations))


def _check_single_steps(model: keras.Model) -> None:
    accumulated = getattr(model.optimizer, "gradient_accumulation_steps", None) or 1
    at_once = model.steps_per_execution
    if at_once > 1 or accumulated > 1:
        raise ValueError(
            "Snapshots are taken after single steps, which are not seen where several are taken at "
            f"once. Received: steps_per_execution={at_once}, "
            f"gradient_accumulation_steps={accumulated}"
        )
