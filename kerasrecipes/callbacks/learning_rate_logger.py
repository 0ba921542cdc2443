"""Callback that adds learning rate and momentum to the history."""

import keras

from kerasrecipes.callbacks.rates import optimizer_rates


class LearningRateLogger(keras.callbacks.Callback):
    """Adds the learning rate of every epoch to its logs, and the momentum if there is one.

    The values are those of the epoch's first step, with any schedule and any wrapping optimizer.
    Their names are `learning_rate` and `momentum`. A `keras.optimizers.MultiOptimizer` has a value
    for each of its optimizers, named `learning_rate_{name}`.

    When to use: always, because Keras does not log the learning rate of a schedule. The history of
    a recipe has both values already. Place it before callbacks that read the logs, such as
    `keras.callbacks.CSVLogger`.

    Example:

    >>> model = keras.Sequential([keras.Input((1,)), keras.layers.Dense(1)])
    >>> schedule = keras.optimizers.schedules.InverseTimeDecay(0.1, decay_steps=1, decay_rate=1.0)
    >>> model.compile(keras.optimizers.SGD(schedule, momentum=0.9), "mse")
    >>> x = np.zeros((4, 1))
    >>> log = model.fit(x, x, epochs=2, callbacks=[LearningRateLogger()], verbose=0).history
    >>> log["learning_rate"], log["momentum"]
    ([0.1, 0.05], [0.9, 0.9])
    """

    def on_epoch_begin(self, epoch, logs=None):
        self._rates = optimizer_rates(self.model.optimizer)

    def on_epoch_end(self, epoch, logs=None):
        if logs is not None:
            for name, rate in self._rates.items():
                logs.setdefault(name, rate)
