"""Learning rate and momentum in the history."""

import keras

from kerasrecipes.callbacks.rates import optimizer_rates


class LearningRateLogger(keras.callbacks.Callback):
    """Adds the learning rate of every epoch to its logs, and the momentum if there is one.

    They are those of the epoch's first step, under any schedule and any wrapping optimizer, named
    `learning_rate` and `momentum`. Of the optimizers that a `keras.optimizers.MultiOptimizer`
    holds, each has its own, `learning_rate_{name}`.

    When to use: always; Keras logs no schedule's learning rate. A recipe's history has them anyway.
    Stand it before callbacks that read the logs, such as `keras.callbacks.CSVLogger`.

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
