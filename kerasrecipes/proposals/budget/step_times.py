"""Times of a network's steps on this machine, by which a training is planned."""

import time
from collections.abc import Callable
from dataclasses import dataclass, replace

import keras
import numpy as np

BATCH_SIZE = 32
# The first step compiles. So many further ones are timed, and no longer than this.
_STEPS, _ENOUGH_SECONDS = 6, 4.0


@dataclass(frozen=True)
class StepTimes:
    """Times of a network's steps on this machine, in seconds.

    Args:
        build: The time to build the network.
        forward_compile: The time of the first prediction, which compiles it, beyond its work.
        forward_image: The time to predict an image.
        step_compile: The time of the first training step beyond its work; `None` if training was
            not measured.
        step: The time of a training step of 32 images, likewise.
        busy: How many times longer the machine takes than its work is, because others use it too:
            the time of the build over the time that the CPU spent on it.
    """

    build: float
    forward_compile: float
    forward_image: float
    step_compile: float | None = None
    step: float | None = None
    busy: float = 1.0


def measure_steps(
    build: Callable[[], keras.Model],
    *,
    trains: Callable[[StepTimes], bool] = lambda times: True,
    clock: Callable[[], float] = time.monotonic,
) -> StepTimes:
    """Measures a few steps of a network on this machine, on images of noise.

    Args:
        build: Function that returns the network, from images to logits, all of it trainable.
        trains: Function from the times of prediction to whether training is worth measuring:
            compiling it takes as long as some hundred steps of a small network.
        clock: Function that returns the time in seconds.

    Returns:
        A `StepTimes`.

    Example:

    >>> from kerasrecipes.models import MLP
    >>> times = measure_steps(lambda: MLP((8, 8, 1), 2, units=[4]))
    >>> times.forward_image > 0, times.step > times.forward_image
    (True, True)
    """
    began, worked = clock(), time.process_time()
    model = build()
    seconds, work = clock() - began, time.process_time() - worked
    busy = max(1.0, seconds / max(work, 1e-3))
    shape = tuple(model.input_shape[1:])
    images = np.random.default_rng(0).integers(0, 256, (BATCH_SIZE, *shape), np.uint8)
    labels = np.zeros(BATCH_SIZE, np.int32)
    compiled, batch = _timed(lambda: model.predict_on_batch(images), clock)
    times = StepTimes(seconds, compiled, batch / BATCH_SIZE, busy=busy)
    if not trains(times):
        return times
    model.compile(
        optimizer=keras.optimizers.Adam(1e-5),
        loss=keras.losses.SparseCategoricalCrossentropy(from_logits=True),
    )
    step_compiled, step = _timed(lambda: model.train_on_batch(images, labels), clock)
    return replace(times, step_compile=step_compiled, step=step)


def _timed(step: Callable[[], object], clock: Callable[[], float]) -> tuple[float, float]:
    """Returns what the first step takes beyond the later ones, and the median of these."""
    began = clock()
    step()
    first = clock() - began
    later: list[float] = []
    while len(later) < _STEPS and (not later or sum(later) < _ENOUGH_SECONDS):
        began = clock()
        step()
        later.append(clock() - began)
    usual = float(np.median(later))
    return max(0.0, first - usual), usual
