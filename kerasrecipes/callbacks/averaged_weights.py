"""Callback that evaluates and keeps averaged weights."""

import contextlib
from collections.abc import Callable, Iterator, Sequence

import keras

from kerasrecipes.callbacks.model_state import assign, state_variables, to_arrays


class AveragedWeights(keras.callbacks.Callback):
    """Evaluates a model with the averages of its weights, and keeps the averages in the end.

    The averages come from the optimizer: from any Keras optimizer with `use_ema=True`, or from
    `Lookahead`, whose slow weights they are. After every epoch the model gets the averages, is
    evaluated, and gets its own weights back. When the training ends, the model keeps the averages.

    Place it before callbacks that read the validation results. Do not give `fit` validation data,
    because this callback evaluates the model on them.

    Differs from `keras.callbacks.SwapEMAWeights` in: the averages never remain in the model during
    the training, as they do there after `predict`; `Lookahead` works too.

    Args:
        validation_data: The first argument of `model.evaluate`, such as batches.
        refresh: Function of the model that computes new statistics for its normalization layers,
            such as `recalibrate_batch_norm` over training batches. It is needed because only
            trainable weights are averaged. Defaults to `None`: the statistics do not change.
        callbacks: Callbacks whose `on_epoch_end` is called while the model has the averages, such
            as `BestWeights`. Do not give them to `fit` as well.

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
        slow = next(filter(_has_slow_weights, _nested(model.optimizer)), None)
        if slow is not None:
            assign(model.trainable_variables, to_arrays(slow.slow_weights))
        else:
            model.optimizer.finalize_variable_values(model.trainable_variables)
            # On JAX, weight and average share a buffer now, which `evaluate` would donate.
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
    if not any(_has_slow_weights(each) or each.use_ema for each in _nested(optimizer)):
        raise ValueError(
            "Averaging needs an optimizer that holds averages: one with `use_ema=True`, or "
            f"`Lookahead`. Received: {type(optimizer).__name__}"
        )


def _has_slow_weights(optimizer) -> bool:
    # The class is asked, because slow weights do not exist before the optimizer is built.
    return hasattr(type(optimizer), "slow_weights")


def _nested(optimizer) -> Iterator[keras.optimizers.Optimizer]:
    """Yields an optimizer and those inside of it, from the outermost on."""
    while optimizer is not None:
        yield optimizer
        inner = getattr(optimizer, "inner_optimizer", None)
        optimizer = inner or getattr(optimizer, "optimizer", None)
