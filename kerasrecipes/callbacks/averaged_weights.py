"""Callback that evaluates and keeps averaged weights."""

import contextlib
from collections.abc import Callable, Iterator, Sequence

import keras

from kerasrecipes.callbacks.model_state import assign, state_variables, to_arrays
from kerasrecipes.callbacks.optimizer_averages import averages_of, check_averages


class AveragedWeights(keras.callbacks.Callback):
    """Evaluates a model with the averages of its weights, and keeps the averages in the end.

    The averages come from the optimizer, which sees every step:

    | optimizer | its averages |
    |---|---|
    | `WeightAveraging(optimizer, averages)` | exponential, uniform over the tail (SWA) |
    | `Lookahead(optimizer)` | the slow weights |
    | any of Keras with `use_ema=True` | exponential, not debiased |
    | `keras.optimizers.ScheduleFreeAdamW` | the mean over the steps, which Keras never evaluates |
    | any with a property `averaged_weights` | a value for each trainable weight, in order |

    After every epoch the model gets the averages, is evaluated, and gets its own weights back. When
    the training ends, the model keeps the averages.

    `ScheduleFreeAdamW` of Keras 3.15 is the paper's on JAX alone: on TensorFlow and PyTorch, its
    update changes an iterate in place before it recovers the average from it.

    Place it before callbacks that read the validation results. Do not give `fit` validation data,
    because this callback evaluates the model on them.

    Differs from `keras.callbacks.SwapEMAWeights` in: the averages never remain in the model during
    the training, as they do there after `predict`; more optimizers; statistics of normalization.

    Args:
        validation_data: The first argument of `model.evaluate`, such as batches.
        refresh: Function of the model that computes new statistics for its normalization layers,
            such as `recalibrate_batch_norm` over training batches. It is needed because only
            trainable weights are averaged. Defaults to `None`: the statistics do not change.
        callbacks: Callbacks whose `on_epoch_end` is called while the model has the averages, such
            as `BestWeights`. Do not give them to `fit` as well.
        choose_statistics: Boolean. Whether the averages are evaluated with the statistics as they
            are too, and each epoch has those with the lower loss. `logs` has `fresh_statistics`: 1
            for new ones, else 0. Defaults to `False`: they are always new.

    Raises:
        ValueError: When training begins, if the optimizer holds no averages.

    Example:

    >>> from kerasrecipes.optimizers import ExponentialAverage, WeightAveraging
    >>> model = keras.Sequential([keras.Input((1,)), keras.layers.Dense(1, use_bias=False)])
    >>> model.compile(WeightAveraging("sgd", [ExponentialAverage(0.95)]), "mse")
    >>> x = np.ones((8, 1))
    >>> class Batches(keras.utils.PyDataset):
    ...     __len__, __getitem__ = lambda self: 1, lambda self, index: (x, x)
    >>> fit = model.fit(x, x, callbacks=[AveragedWeights(Batches())], verbose=0)
    >>> [*fit.history]
    ['loss', 'val_loss']
    """

    def __init__(
        self,
        validation_data,
        refresh: Callable[[keras.Model], None] | None = None,
        callbacks: Sequence[keras.callbacks.Callback] = (),
        choose_statistics: bool = False,
    ):
        super().__init__()
        self.validation_data = validation_data
        self.refresh = refresh
        self.callbacks = list(callbacks)
        self.choose_statistics = choose_statistics
        self.fresh = refresh is not None

    def set_model(self, model):
        super().set_model(model)
        for callback in self.callbacks:
            callback.set_model(model)

    def on_train_begin(self, logs=None):
        optimizer = self.model.optimizer
        check_averages(optimizer)
        # Within TensorFlow's graph, Keras's `ScheduleFreeAdamW` would start from zeros.
        if not optimizer.built:
            optimizer.build(self.model.trainable_variables)

    def on_epoch_end(self, epoch, logs=None):
        logs = {} if logs is None else logs
        with self._averages_in_place():
            results = self._evaluated()
            logs.update({f"val_{name}": value for name, value in results.items()})
            if self.choose_statistics and self.refresh is not None:
                logs["fresh_statistics"] = float(self.fresh)
            for callback in self.callbacks:
                callback.on_epoch_end(epoch, logs)

    def on_train_end(self, logs=None):
        self._take_averages()
        if self.refresh is not None and self.fresh:
            self.refresh(self.model)

    def _evaluated(self) -> dict[str, float]:
        """Returns the results of `evaluate`, with the statistics that are to be used."""
        if self.refresh is None:
            return self._evaluate()
        if not self.choose_statistics:
            self.refresh(self.model)
            return self._evaluate()
        as_they_are, before = self._evaluate(), to_arrays(state_variables(self.model))
        self.refresh(self.model)
        fresh = self._evaluate()
        self.fresh = not as_they_are["loss"] <= fresh["loss"]
        if not self.fresh:
            assign(state_variables(self.model), before)
        return fresh if self.fresh else as_they_are

    def _evaluate(self) -> dict[str, float]:
        return self.model.evaluate(self.validation_data, verbose=0, return_dict=True)

    def _take_averages(self) -> None:
        assign(self.model.trainable_variables, averages_of(self.model))

    @contextlib.contextmanager
    def _averages_in_place(self) -> Iterator[None]:
        own = to_arrays(state_variables(self.model))
        self._take_averages()
        try:
            yield
        finally:
            assign(state_variables(self.model), own)
