"""Results of the short trainings that `check` makes, and undoes."""

from dataclasses import dataclass


@dataclass(frozen=True)
class InitialLoss:
    """The loss before the first step, against what it should be.

    Args:
        loss: The loss without penalties, in inference mode; in training mode if there is batch
            normalization, whose first statistics are none of the data.
        expected: What the loss predicts for a model that knows nothing; `None` if it does not.
        by: How that was found, such as `"ln 10"`.
        penalty: What regularizers add.
    """

    loss: float | None
    expected: float | None = None
    by: str = ""
    penalty: float = 0.0


@dataclass(frozen=True)
class Attempt:
    """One training on a few samples.

    Args:
        optimizer: The name of the optimizer's class.
        learning_rate: Its rate.
        steps: The number of steps.
        loss: The loss after them; `None` if it is not finite.
    """

    optimizer: str
    learning_rate: float
    steps: int
    loss: float | None


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
        least_loss: The least loss of any model, which is above 0 for targets between classes.
        attempts: All trainings, the first one at the model's own learning rate.
        first_error: The mean distance of the answers from the targets before, if they have the
            same shape.
        last_error: Likewise, after.
        inference_loss: The loss after, in inference mode.
        rising: Whether the loss rises at rates that are far below the model's own, too; asked only
            where its optimizer does not lower it.
    """

    samples: int
    steps: int
    first_loss: float | None
    last_loss: float | None
    constant_loss: float | None = None
    accuracy: float | None = None
    learning_rate: float | None = None
    least_loss: float = 0.0
    attempts: tuple[Attempt, ...] = ()
    first_error: float | None = None
    last_error: float | None = None
    inference_loss: float | None = None
    rising: bool | None = None


@dataclass(frozen=True)
class Controls:
    """Losses after the same few steps, on the data and on what should teach less.

    Args:
        steps: The number of steps of each.
        loss: On the data.
        zeroed_inputs: On inputs of zeros, with the same targets.
        permuted_targets: With the targets of other samples.
        noise: The standard deviation of such a loss over batches.
        averaged: The number of last steps over which the losses are averaged.
        relation: How much more alike the targets of nearest neighbours are than by chance: a
            z-score, which needs no model; `None` if it makes no sense.
    """

    steps: int
    loss: float | None
    zeroed_inputs: float | None
    permuted_targets: float | None
    noise: float | None = None
    averaged: int = 1
    relation: float | None = None


@dataclass(frozen=True)
class Modes:
    """The loss on one batch in training mode and in inference mode.

    Args:
        training: The mean over a few draws of dropout and noise.
        inference: With the statistics as they are after the same steps.
        spread: The standard deviation of the draws.
        steps: Training steps before.
        settled: In inference mode, with the batch's own statistics in place of moving ones.
    """

    training: float | None
    inference: float | None
    spread: float = 0.0
    steps: int = 0
    settled: float | None = None


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
class GradientError:
    """A weight's gradient against differences of the loss.

    Args:
        layer: The layer's path in the model.
        weight: The weight's name, such as `"kernel"`.
        entries: How many of its entries were tried, without those at a kink.
        error: The greatest of their relative errors; `None` if it is not finite.
        kinks: How many entries were left out, because the loss is not smooth there.
        analytic: The gradient of the entry with the greatest error.
        numeric: The difference quotient of that entry.
        alone: Whether the layer was tried by itself.
    """

    layer: str
    weight: str
    entries: int
    error: float | None
    kinks: int = 0
    analytic: float | None = None
    numeric: float | None = None
    alone: bool = False


@dataclass(frozen=True)
class Trials:
    """The results of `check`; `None` for what was not run."""

    initial_loss: InitialLoss | None = None
    overfit: Overfit | None = None
    controls: Controls | None = None
    modes: Modes | None = None
    rates: Rates | None = None
    gradients: tuple[GradientError, ...] = ()
