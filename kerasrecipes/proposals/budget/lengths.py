"""How long trainings take, and how many steps fit into a time."""

from dataclasses import dataclass, replace

from kerasrecipes.proposals.budget.step_times import BATCH_SIZE, StepTimes
from kerasrecipes.proposals.images.splitting import HeldOut
from kerasrecipes.training.batch_statistics import SHORT_RUN_STEPS, STATISTICS_BATCHES

# Fine-tuning gains nothing over a classifier in fewer steps than these, and little beyond those.
FEWEST_STEPS, WANTED_STEPS = 60, 600
WANTED_EPOCHS, MOST_EPOCHS = 15, 60
SCRATCH_EPOCHS = 120

# What a training takes beside its steps, on a machine that does nothing else: a head on features,
# an epoch's checkpoint and logs, and the files at its end.
HEAD_SECONDS, EPOCH_SECONDS, FILES_SECONDS = 4.0, 0.05, 2.0
# A new last layer with a penalty is worth training to the optimum of its loss, which takes so many
# times longer. Without one, it would overfit by that.
TO_OPTIMUM = 4

# The share of the time that is planned for; the rest is for what was estimated too low.
PLANNED = 0.8


@dataclass(frozen=True)
class Length:
    """The length of a training.

    Args:
        epochs: The number of epochs.
        steps_per_epoch: The number of steps of an epoch; `None` for a pass over the images.
        seconds: The time that it is expected to take, with what it starts from.
    """

    epochs: int
    steps_per_epoch: int | None
    seconds: float


def scaled(times: StepTimes, factor: float) -> StepTimes:
    """Returns the times of a network that does `factor` times the work."""
    return replace(
        times,
        forward_image=times.forward_image * factor,
        step=None if times.step is None else times.step * factor,
    )


def head_seconds(
    held: HeldOut, times: StepTimes, decode_seconds: float = 0.0, *, longer: int = 1
) -> float:
    """Returns how long the training of a new last layer takes, on features computed once.

    Args:
        held: How images are held out.
        times: The times of the network's steps.
        decode_seconds: The time to read an image.
        longer: How many times more epochs there are than usual.
    """
    images = held.train + held.validation + held.test
    return (
        2 * times.build
        + 2 * times.forward_compile
        + images * (times.forward_image + decode_seconds)
        + longer * times.busy * HEAD_SECONDS
        + _end_seconds(held, times)
    )


def fine_tuning_length(
    held: HeldOut, times: StepTimes, seconds: float, decode_seconds: float = 0.0
) -> Length | None:
    """Returns the length of a fine-tuning, with its head; `None` if too few steps fit.

    Args:
        held: How images are held out.
        times: The times of the network's steps.
        seconds: The time that there is.
        decode_seconds: The time to read an image.
    """
    before = head_seconds(held, times, decode_seconds)
    return _length(held, times, seconds, before, decode_seconds, MOST_EPOCHS)


def scratch_length(
    held: HeldOut, times: StepTimes, seconds: float, decode_seconds: float = 0.0
) -> Length | None:
    """Returns the length of a training from scratch, which takes all of the time."""
    return _length(held, times, seconds, 0.0, decode_seconds, SCRATCH_EPOCHS)


def _length(
    held: HeldOut,
    times: StepTimes,
    seconds: float,
    before: float,
    decode_seconds: float,
    most_epochs: int,
) -> Length | None:
    if times.step is None or times.step_compile is None:
        return None
    fixed = (
        before
        + times.build
        + times.step_compile
        + times.forward_compile
        + (held.train + held.validation + held.test) * decode_seconds
        + _end_seconds(held, times)
    )
    per_epoch = times.busy * EPOCH_SECONDS + held.validation * times.forward_image
    steps_per_pass = -(-held.train // BATCH_SIZE)
    left = seconds - fixed
    epochs = int(left / (steps_per_pass * times.step + per_epoch))
    if before == 0 and epochs * steps_per_pass <= SHORT_RUN_STEPS:
        # Batch normalization is trained, and its statistics are computed anew before validation.
        batches = min(STATISTICS_BATCHES, steps_per_pass)
        per_epoch += batches * BATCH_SIZE * times.forward_image
        epochs = int(left / (steps_per_pass * times.step + per_epoch))
    if epochs >= 2:
        wanted = max(WANTED_EPOCHS, -(-WANTED_STEPS // steps_per_pass))
        wanted = most_epochs if before == 0 else min(wanted, most_epochs)
        epochs = min(epochs, wanted)
        if before and epochs * steps_per_pass < min(FEWEST_STEPS, wanted * steps_per_pass):
            return None
        return Length(epochs, None, fixed + epochs * (steps_per_pass * times.step + per_epoch))
    # Not two passes over the images: two epochs that are parts of one.
    steps = int((left - 2 * per_epoch) / times.step)
    if steps < FEWEST_STEPS:
        return None
    return Length(2, steps // 2, fixed + steps * times.step + 2 * per_epoch)


def _end_seconds(held: HeldOut, times: StepTimes) -> float:
    """Returns how long scores, predictions and files take at the end of a training."""
    scored = held.validation + held.test
    return times.forward_compile + scored * times.forward_image + times.busy * FILES_SECONDS
