"""Batch size and learning rate, as they go together."""

from dataclasses import dataclass

from kerasrecipes.base.checks import check_integer, check_number

# From the lectures: "32 or 64 is a good starting point"; "contrastive learning usually requires
# bigger batch sizes (512, 1024, 2048, 4096)"; Adam and RAdam require "larger batch sizes when
# compared to SGD".
SGD_BATCH, ADAPTIVE_BATCH, CONTRASTIVE_BATCH = 32, 64, 512

# Rates to start with, at those sizes: "often around 0.01" for SGD, "0.001 or lower" for Adam.
SGD_RATE, ADAPTIVE_RATE = 0.01, 0.001

# An epoch of fewer steps than this is a few updates only.
LEAST_STEPS = 10

_SGD = {"SGD", "LARS"}


@dataclass(frozen=True)
class BatchSizeAndRate:
    """A batch size, and the learning rate that goes with it.

    Args:
        batch_size: Samples a batch.
        learning_rate: The optimizer's rate.
    """

    batch_size: int
    learning_rate: float


def batch_size_and_rate(
    optimizer: str,
    *,
    samples: int | None = None,
    contrastive: bool = False,
    batch_size: int | None = None,
    learning_rate: float | None = None,
) -> BatchSizeAndRate:
    """Returns a batch size to start with, and the learning rate that goes with it.

    A rate that was chosen at one batch size is carried to another one by the linear rule for SGD,
    and by the square root for optimizers that divide by the size of the gradient:

        learning_rate * new / old          (SGD)
        learning_rate * sqrt(new / old)    (Adam, RMSprop, ...)

    Args:
        optimizer: The name of the optimizer's class, such as `"SGD"` or `"Adam"`.
        samples: Positive integer. The number of training samples, if it is known. Of few, the
            batch is smaller, so that an epoch has 10 steps, but not smaller than 8.
        contrastive: Whether the loss compares the samples of a batch with each other, for which
            hundreds to thousands are used.
        batch_size: Positive integer. The present one, if there is one.
        learning_rate: Positive float. The rate that was chosen at it, if there is one.

    Returns:
        A `BatchSizeAndRate`.

    Raises:
        ValueError: If a number is out of range, or there is a rate without a batch size.

    Example:

    >>> batch_size_and_rate("SGD")
    BatchSizeAndRate(batch_size=32, learning_rate=0.01)
    >>> batch_size_and_rate("SGD", batch_size=1024, learning_rate=0.4)
    BatchSizeAndRate(batch_size=32, learning_rate=0.0125)
    >>> batch_size_and_rate("Adam", batch_size=1024, learning_rate=0.004)
    BatchSizeAndRate(batch_size=64, learning_rate=0.001)

    Reference:
        Goyal et al., 2017, https://arxiv.org/abs/1706.02677, section 2.1, for the linear rule;
        Malladi et al., 2022, https://arxiv.org/abs/2205.10287, for the square root.
    """
    for name, value in (("samples", samples), ("batch_size", batch_size)):
        if value is not None:
            check_integer(name, value, at_least=1)
    if learning_rate is not None:
        check_number("learning_rate", learning_rate, above=0)
        if batch_size is None:
            raise ValueError(
                "`learning_rate` must come with the `batch_size` at which it was chosen. "
                f"Received: learning_rate={learning_rate}, batch_size=None"
            )
    adaptive = optimizer not in _SGD
    usual = ADAPTIVE_BATCH if adaptive else SGD_BATCH
    rate = ADAPTIVE_RATE if adaptive else SGD_RATE
    new = CONTRASTIVE_BATCH if contrastive else usual
    if samples is not None and not contrastive:
        while new > 8 and new * LEAST_STEPS > samples:
            new //= 2
    old, chosen = (usual, rate) if learning_rate is None else (batch_size or usual, learning_rate)
    return BatchSizeAndRate(new, scaled_rate(optimizer, chosen, old, new))


def scaled_rate(optimizer: str, learning_rate: float, old: int, new: int) -> float:
    """Returns the learning rate at a new batch size; see `batch_size_and_rate`.

    Example:

    >>> scaled_rate("SGD", 0.1, 256, 64), scaled_rate("Adam", 0.002, 256, 64)
    (0.025, 0.001)
    """
    ratio = new / old
    return learning_rate * (ratio if optimizer in _SGD else ratio**0.5)
