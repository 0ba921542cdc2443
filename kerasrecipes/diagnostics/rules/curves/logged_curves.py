"""What a history logs, as arrays."""

import math
from dataclasses import dataclass

import numpy as np

from kerasrecipes.diagnostics.record.record import Record

# What says how many answers are right, in the order of preference.
_SHARES = (
    "accuracy",
    "acc",
    "sparse_categorical_accuracy",
    "categorical_accuracy",
    "binary_accuracy",
)
# Errors of numbers.
_ERRORS = ("mae", "mean_absolute_error", "rmse", "root_mean_squared_error")
_RATES = ("learning_rate", "lr")


@dataclass(frozen=True)
class Logged:
    """The curves of a training, by epoch. NaN stands for what is not finite or was not measured.

    Args:
        epochs: The numbers of the epochs, from 1.
        loss: The loss in training: the mean over an epoch's steps.
        val_loss: The loss on validation, after each epoch; `None` if there is none.
        accuracy: The share of right answers in training; `None` if it is not logged.
        val_accuracy: Likewise, on validation.
        error: An error in training, such as the mean absolute one.
        rate: The learning rate.
    """

    epochs: np.ndarray
    loss: np.ndarray
    val_loss: np.ndarray | None = None
    accuracy: np.ndarray | None = None
    val_accuracy: np.ndarray | None = None
    error: np.ndarray | None = None
    rate: np.ndarray | None = None

    def __len__(self) -> int:
        return len(self.loss)

    def validated(self) -> "Logged | None":
        """Returns the epochs after which there was a validation; `None` if no loss of it helps."""
        if self.val_loss is None:
            return None
        kept = np.isfinite(self.val_loss)
        if self.val_accuracy is not None:
            kept &= np.isfinite(self.val_accuracy)
        found = {name: v[kept] for name, v in vars(self).items() if v is not None}
        return Logged(**found) if kept.any() else None


def logged(record: Record) -> Logged | None:
    """Returns the curves of a record, if their loss is known and finite."""
    epochs = record.series.epochs if record.series is not None else {}

    def found(names: tuple[str, ...]) -> str | None:
        return next((name for name in names if array(name) is not None), None)

    def array(name: str | None) -> np.ndarray | None:
        if name is None or name not in epochs:
            return None
        values = np.array([math.nan if v is None else v for v in epochs[name]], float)
        return values if np.isfinite(values).any() else None

    loss, share, error = array("loss"), found(_SHARES), found(_ERRORS)
    if loss is None or not np.isfinite(loss).all():
        return None
    return Logged(
        np.arange(1, len(loss) + 1),
        loss,
        array("val_loss"),
        _whole(array(share)),
        array(share and f"val_{share}"),
        _whole(array(error)),
        array(found(_RATES)),
    )


def _whole(values: np.ndarray | None) -> np.ndarray | None:
    """Returns values of the training if there is one for each epoch."""
    return values if values is not None and np.isfinite(values).all() else None
