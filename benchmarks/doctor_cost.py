"""Claim: `Doctor` takes at most 2% of a training, and 5% of one over five minutes with all it does.

    python benchmarks/doctor_cost.py
    KERAS_BACKEND=jax python benchmarks/doctor_cost.py --minutes 6

ResNet-20 is trained on random images of 32x32 at a batch of 128, with the doctor, and what it does
within `fit` is timed: before the first step, at each step, and at the end of each epoch. The share
is that of the time between. It is timed alone, since differences of whole trainings drown in noise;
they are printed, too, from trainings in turn. The first command measures parts; the second trains
for some minutes, and tells the share of the whole.
"""

import argparse
import os
import statistics

import keras
import numpy as np
from harness.turns import CPU, WALL, now, take_turns

from kerasrecipes.diagnostics import Doctor
from kerasrecipes.models import ResNetCIFAR

BATCH = 128
TURNS = 3
PARTS = ("on_train_begin", "on_train_batch_begin", "on_epoch_end", "on_train_end")


class TimedDoctor(Doctor):
    """A doctor that times itself: seconds on both clocks, by what Keras has called."""

    def __init__(self):
        super().__init__()
        self.seconds: dict[str, list[np.ndarray]] = {name: [] for name in PARTS}


def _timed(name: str):
    def called(self, *arguments, **keywords):
        began = now()
        getattr(Doctor, name)(self, *arguments, **keywords)
        self.seconds[name].append(np.subtract(now(), began))

    return called


for _name in PARTS:
    setattr(TimedDoctor, _name, _timed(_name))


class StopAfter(keras.callbacks.Callback):
    """Ends a training at the end of an epoch after some seconds."""

    def __init__(self, seconds: float):
        super().__init__()
        self.seconds, self.began = seconds, now()[WALL]

    def on_epoch_end(self, epoch, logs=None):
        if now()[WALL] - self.began > self.seconds:
            self.model.stop_training = True


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--minutes", type=float, help="train so long, and tell the share of that")
    parser.add_argument("--steps", type=int, default=5, help="steps of an epoch")
    arguments = parser.parse_args()
    load = os.getloadavg()[0]
    print(f"{keras.backend.backend()}, load {load:.1f} on {os.cpu_count()} CPUs")
    if arguments.minutes:
        _whole(arguments.minutes, arguments.steps)
    else:
        _parts(arguments.steps)


def _parts(steps: int) -> None:
    model, data = _case(steps)
    model.fit(*data, batch_size=BATCH, epochs=1, verbose=0)
    doctors: list[TimedDoctor] = []

    def fit(*callbacks):
        model.fit(*data, batch_size=BATCH, epochs=3, verbose=0, callbacks=list(callbacks))

    def watched():
        doctors.append(TimedDoctor())
        fit(doctors[-1])

    seconds = take_turns({"without": fit, "with": watched}, TURNS)
    step = seconds["without"] / (3 * steps)
    print(f"a step: {_spread(step, CPU)} CPU s, {_spread(step, WALL)} wall s, n = {TURNS}")
    differences = seconds["with"] - seconds["without"]
    print(f"3 epochs of {steps} steps, with less without: {_spread(differences, CPU)} CPU s")
    for name in PARTS:
        times = np.array([each for doctor in doctors for each in doctor.seconds[name]])
        if len(times):
            print(f"  {name}: {_spread(times, CPU)} CPU s, {_spread(times, WALL)} wall s")
    looks = [len(doctor.record.looks) for doctor in doctors]
    print(f"  looks at layers: {looks}")


def _whole(minutes: float, steps: int) -> None:
    # The second model is compiled anew, as a user's is.
    epochs = max(1, round(60 * minutes / (steps * _seconds_of_a_step(*_case(steps)))))
    model, data = _case(steps)
    doctor = TimedDoctor()
    began = now()
    stop = StopAfter(75 * minutes)
    model.fit(*data, batch_size=BATCH, epochs=epochs, verbose=0, callbacks=[doctor, stop])
    whole = np.subtract(now(), began)
    spent = sum(np.sum(each, axis=0) for each in doctor.seconds.values() if each)
    print(f"{epochs} epochs of {steps} steps: {whole[WALL]:.0f} s, {whole[CPU]:.0f} CPU s")
    for name, times in doctor.seconds.items():
        total = np.sum(times, axis=0) if times else (0.0, 0.0)
        print(f"  {name}: {total[CPU]:.2f} CPU s, {total[WALL]:.2f} wall s, n = {len(times)}")
    print(f"  share: {spent[CPU] / whole[CPU]:.2%} of CPU time, {spent[WALL] / whole[WALL]:.2%}")
    print(f"  looks at layers: {len(doctor.record.looks)}, load {os.getloadavg()[0]:.1f}")


def _case(steps: int):
    keras.utils.set_random_seed(0)
    model = ResNetCIFAR((32, 32, 3), 10, depth=20)
    loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
    model.compile(keras.optimizers.SGD(0.1, 0.9), loss, metrics=["accuracy"])
    rng = np.random.default_rng(0)
    samples = steps * BATCH
    x = rng.normal(size=(samples, 32, 32, 3)).astype("float32")
    return model, (x, rng.integers(0, 10, samples))


def _seconds_of_a_step(model, data) -> float:
    times = []
    for _ in range(4):
        began = now()[WALL]
        model.fit(*(part[:BATCH] for part in data), batch_size=BATCH, verbose=0)
        times.append(now()[WALL] - began)
    return statistics.median(times[1:])


def _spread(seconds: np.ndarray, clock: int) -> str:
    column = seconds[:, clock]
    return f"{np.median(column):.3f} ({column.min():.3f} to {column.max():.3f})"


if __name__ == "__main__":
    main()
