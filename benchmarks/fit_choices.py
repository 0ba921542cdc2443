"""Which of `fit`'s choices are fastest with TensorFlow on this machine.

    python benchmarks/fit_choices.py

Steps of the demo's network (batches of 64 images of 16x16 pixels) and of ResNet-20 (128 of 32x32)
on one batch, so that no data is waited for. All choices of a network take turns. Milliseconds a
step are the wall's and the CPUs', which say more on a shared machine; the least of the repeats
counts. `faster` compares CPU seconds; `first` is the CPU seconds of the first `fit`, with tracing
and compiling.
"""

import os
import statistics
import time

import keras
import numpy as np

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
    models = [_compiled(image_shape, choice, options) for choice in choices]
    first = [_fit(model, batches, steps) for model in models]
    seconds = [[_fit(model, batches, steps) for model in models] for _ in range(REPEATS)]
    print(f"{title}, n = {REPEATS} x {steps} steps, load {os.getloadavg()[0]:.1f}")
    print("jit    steps  precision           wall      CPU   faster    first")
    least = np.min(seconds, axis=0)
    for index, (jit, steps_per_execution, precision) in enumerate(choices):
        wall, cpu = least[index] / steps * 1000
        # Neighbours in time share the machine's load.
        faster = statistics.median(row[0][1] / row[index][1] for row in seconds)
        print(
            f"{jit!s:<6}{steps_per_execution:>6}  {precision:<15}{wall:6.1f} ms{cpu:6.1f} ms"
            f"{faster:>8.2f}x{first[index][1]:>7.1f} s"
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


def _fit(model, batches, steps: int) -> tuple[float, float]:
    """Returns wall and CPU seconds of some steps."""
    began = time.perf_counter(), time.process_time()
    model.fit(batches, steps_per_epoch=steps, verbose=0)
    return time.perf_counter() - began[0], time.process_time() - began[1]


if __name__ == "__main__":
    main()
