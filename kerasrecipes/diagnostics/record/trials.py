"""Results of the short trainings that `check` makes, and undoes."""

from dataclasses import dataclass


@dataclass(frozen=True)
class InitialLoss:
    """The loss before the first step, against what it should be.

    Args:
        loss: The loss without penalties, in inference mode.
        expected: What the loss predicts for a model that knows nothing; `None` if it does not.
        by: How that was found, such as `"ln 10"`.
        penalty: What regularizers add.
    """

    loss: float | None
    expected: float | None = None
    by: str = ""
    penalty: float = 0.0


@dataclass(frozen=True)
class Overfit:
    """A training on a few samples, which a model that can learn learns by heart.

    Args:
        samples: The number of samples.
        steps: The number of steps.
        first_loss: The loss on them before.
        last_loss: The loss on them after; `None` if it is not finite.
        constant_loss: The least loss of a model that answers all of them alike, if it is known.
        accuracy: The fraction that is right after, of a classification.
        learning_rate: The rate at which the best of them was trained.
    """

    samples: int
    steps: int
    first_loss: float | None
    last_loss: float | None
    constant_loss: float | None = None
    accuracy: float | None = None
    learning_rate: float | None = None


@dataclass(frozen=True)
class Controls:
    """Losses after the same few steps, on the data and on what should teach less.

    Args:
        steps: The number of steps of each.
        loss: On the data.
        zeroed_inputs: On inputs of zeros, with the same targets.
        permuted_targets: With the targets of other samples.
        noise: The standard deviation of such a loss over batches.
    """

    steps: int
    loss: float | None
    zeroed_inputs: float | None
    permuted_targets: float | None
    noise: float | None = None


@dataclass(frozen=True)
class Modes:
    """The loss on one batch in training mode and in inference mode.

    Args:
        training: The mean over a few draws of dropout and noise.
        inference: With the statistics as they are after the same steps.
        spread: The standard deviation of the draws.
        steps: Training steps before.
    """

    training: float | None
    inference: float | None
    spread: float = 0.0
    steps: int = 0


@dataclass(frozen=True)
class Rates:
    """A learning-rate range test.

    Args:
        learning_rates: The rate of each step, increasing.
        losses: The smoothed loss of each step.
        diverged: Whether the loss exploded at the end.
        suggestion: A rate to train with.
    """

    learning_rates: tuple[float, ...]
    losses: tuple[float | None, ...]
    diverged: bool
    suggestion: float | None = None


@dataclass(frozen=True)
class Trials:
    """The results of `check`; `None` for what was not run."""

    initial_loss: InitialLoss | None = None
    overfit: Overfit | None = None
    controls: Controls | None = None
    modes: Modes | None = None
    rates: Rates | None = None
