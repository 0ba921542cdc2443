"""Claim: on a CPU with TensorFlow, neither XLA nor several steps a call make `fit` faster.

    python benchmarks/fit_choices.py

Steps of the demo's network (batches of 64 images of 16x16 pixels) and of ResNet-20 (128 of 32x32)
on one batch, so that no data is waited for. All choices of a network take turns. Milliseconds a
step are the wall's and the CPUs', which say more on a shared machine; the least of the repeats
counts. `faster` compares CPU seconds; `first` is the CPU seconds of the first `fit`, with tracing
and compiling.
"""

import functools
import os
import statistics

import keras
import numpy as np
from harness.turns import CPU, seconds_of, take_turns

from kerasrecipes.models import ResNetCIFAR

REPEATS = 3
# jit_compile, steps_per_execution, precision; the first is the defaults, to which ratios are.
CHOICES = [
    (False, 1, "float32"),
    (False, 8, "float32"),
    (False, 32, "float32"),
    (True, 1, "float32"),
    (True, 32, "float32"),
    (False, 1, "mixed_bfloat16"),
    (True, 1, "mixed_bfloat16"),
]


def main() -> None:
    compare("demo", (16, 16, 1), 64, steps=64, depth=8, shortcut="projection")
    compare("ResNet-20", (32, 32, 3), 128, steps=8, depth=20)


def compare(title: str, image_shape: tuple, batch_size: int, steps: int, **options) -> None:
    rng = np.random.default_rng(0)
    images = rng.standard_normal((batch_size, *image_shape), "float32")
    batches = _repeated(images, rng.integers(0, 10, batch_size))
    choices = [choice for choice in CHOICES if choice[1] <= steps]
    fits = {
        choice: functools.partial(
            _compiled(image_shape, choice, options).fit, batches, steps_per_epoch=steps, verbose=0
        )
        for choice in choices
    }
    first = {choice: seconds_of(fit) for choice, fit in fits.items()}
    seconds = take_turns(fits, REPEATS, warm_up=False)
    print(f"{title}, n = {REPEATS} x {steps} steps, load {os.getloadavg()[0]:.1f}")
    print("jit    steps  precision           wall      CPU   faster    first")
    for choice in choices:
        jit, steps_per_execution, precision = choice
        wall, cpu = seconds[choice].min(axis=0) / steps * 1000
        # Neighbours in time share the machine's load.
        faster = statistics.median(seconds[choices[0]][:, CPU] / seconds[choice][:, CPU])
        print(
            f"{jit!s:<6}{steps_per_execution:>6}  {precision:<15}{wall:6.1f} ms{cpu:6.1f} ms"
            f"{faster:>8.2f}x{first[choice][CPU]:>7.1f} s"
        )


def _compiled(image_shape, choice, options) -> keras.Model:
    jit_compile, steps_per_execution, precision = choice
    keras.utils.set_random_seed(0)
    keras.config.set_dtype_policy(precision)
    model = ResNetCIFAR(image_shape, 10, **options)
    model.compile(
        optimizer=keras.optimizers.SGD(0.01, momentum=0.9),
        loss=keras.losses.SparseCategoricalCrossentropy(from_logits=True),
        metrics=["accuracy"],
        jit_compile=jit_compile,
        steps_per_execution=steps_per_execution,
    )
    return model


def _repeated(images, labels):
    import tensorflow as tf

    return tf.data.Dataset.from_tensors((images, labels)).repeat()


if __name__ == "__main__":
    main()
