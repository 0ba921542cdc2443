"""Evaluates and keeps averaged weights."""

import contextlib
from collections.abc import Callable, Iterator, Sequence

import keras

from kerasrecipes.callbacks.model_state import assign, state_variables, to_arrays


class AveragedWeights(keras.callbacks.Callback):
    """Judges a model by the averages of its weights, and leaves it with them.

    The averages are the optimizer's: those of any Keras optimizer with `use_ema=True`, or the slow
    weights of `Lookahead`. After every epoch they are put into the model, the model is evaluated,
    and its own weights are put back, so that nothing else ever sees the averages, where
    `keras.callbacks.SwapEMAWeights` leaves them behind after `predict`. When training ends, the
    model has the averages.

    Stand it before callbacks that read the validation results, and give `fit` no validation data:
    they are evaluated here.

    Args:
        validation_data: What `model.evaluate` takes as its first argument: batches.
        refresh: Function of the model that computes the statistics of its normalization layers
            anew, such as `recalibrate_batch_norm` over training batches. The averages are of
            trainable weights only. Defaults to `None`: the statistics stay.
        callbacks: Callbacks whose `on_epoch_end` is to see the model with the averages, such as
            `BestWeights`. Do not give them to `fit` as well.

    Raises:
        ValueError: When training begins, if the optimizer holds no averages.

    Reference:
        Polyak and Juditsky, 1992, https://doi.org/10.1137/0330046. Differs from it in: `use_ema`
        is an exponential moving average, not the mean of all steps.
    """

    def __init__(
        self,
        validation_data,
        refresh: Callable[[keras.Model], None] | None = None,
        callbacks: Sequence[keras.callbacks.Callback] = (),
    ):
        super().__init__()
        self.validation_data = validation_data
        self.refresh = refresh
        self.callbacks = list(callbacks)

    def set_model(self, model):
        super().set_model(model)
        for callback in self.callbacks:
            callback.set_model(model)

    def on_train_begin(self, logs=None):
        check_averages(self.model.optimizer)

    def on_epoch_end(self, epoch, logs=None):
        logs = {} if logs is None else logs
        with self._averages_in_place():
            results = self.model.evaluate(self.validation_data, verbose=0, return_dict=True)
            logs.update({f"val_{name}": value for name, value in results.items()})
            for callback in self.callbacks:
                callback.on_epoch_end(epoch, logs)

    def on_train_end(self, logs=None):
        self._take_averages()

    def _take_averages(self) -> None:
        model = self.model
        slow = _holder(model.optimizer, "slow_weights")
        if slow is not None:
            assign(model.trainable_variables, to_arrays(slow.slow_weights))
        else:
            model.optimizer.finalize_variable_values(model.trainable_variables)
            # On JAX weight and average are one buffer now, which `evaluate` would give away.
            assign(model.trainable_variables, to_arrays(model.trainable_variables))
        if self.refresh is not None:
            self.refresh(model)

    @contextlib.contextmanager
    def _averages_in_place(self) -> Iterator[None]:
        own = to_arrays(state_variables(self.model))
        self._take_averages()
        try:
            yield
        finally:
            assign(state_variables(self.model), own)


def check_averages(optimizer: keras.optimizers.Optimizer) -> None:
    """Raises a `ValueError` unless an optimizer, or one inside it, averages the weights."""
    if _holder(optimizer, "slow_weights") is None and _holder(optimizer, "use_ema") is None:
        raise ValueError(
            "Averaging needs an optimizer that holds averages: one with `use_ema=True`, or "
            f"`Lookahead`. Received: {type(optimizer).__name__}"
        )


def _holder(optimizer, attribute: str):
    """Returns the optimizer, this or one inside it, that has an attribute which is not false."""
    while optimizer is not None:
        # By class, because there are no slow weights before the optimizer is built.
        if hasattr(type(optimizer), attribute) or getattr(optimizer, attribute, False):
            return optimizer
        inner = getattr(optimizer, "inner_optimizer", None)
        optimizer = inner or getattr(optimizer, "optimizer", None)
    return None
