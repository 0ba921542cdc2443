"""Claim: per-example masks cost DropConnect no more than the products that they need.

    KERAS_BACKEND=tensorflow python benchmarks/drop_connect.py [REPEATS]

Forward and backward pass of a product and of a convolution with a kernel for each example, each
against other ways to write it: `einsum`, or a map over examples that the backend vectorizes; one
convolution after another, or (PyTorch only: XLA compiles it for minutes on a CPU) a grouped one.
All take turns; printed are medians, and ratios of them, of the CPU time of all threads, which bears
a busy machine better than the wall's clock. Then training steps of the layers, with DropConnect and
without. Compiled with XLA on TensorFlow and JAX, eager on PyTorch.
"""

import os
import statistics
import sys

import keras
import numpy as np
from harness.turns import CPU, take_turns
from keras import ops

from kerasrecipes.layers import DropConnect
from kerasrecipes.layers.regularization.per_example import (
    _by_products,
    _in_groups,
    multiply_each,
)

BACKEND = keras.backend.backend()
BATCH, WIDTH = 64, 256
IMAGES, SIZE_PIXELS, CHANNELS = 32, 16, 16
CONVOLUTION = {"strides": (1, 1), "padding": "same", "dilation_rate": (1, 1)}


def main(repeats: int = 9) -> None:
    rng = np.random.default_rng(0)
    draw = lambda *shape: rng.normal(size=shape).astype("float32")  # noqa: E731
    print(f"{BACKEND}, n = {repeats} each, load {os.getloadavg()[0]:.1f}")
    vectors, kernels = draw(BATCH, WIDTH), draw(BATCH, WIDTH, WIDTH)
    compare(
        f"product, {BATCH} x {WIDTH} by {WIDTH} x {WIDTH} each",
        {
            "batched product": multiply_each,
            "einsum": lambda x, k: ops.einsum("bi,bio->bo", x, k),
            "vectorized map": lambda x, k: ops.vectorized_map(
                lambda one: ops.matmul(one[0], one[1]), (x, k)
            ),
        },
        (vectors, kernels),
        repeats,
    )
    images = draw(IMAGES, SIZE_PIXELS, SIZE_PIXELS, CHANNELS)
    kernels = draw(IMAGES, 3, 3, CHANNELS, CHANNELS)
    ways = {
        "batched product": lambda x, k: _by_products(x, k, **CONVOLUTION),
        "one at a time": lambda x, k: ops.map(
            lambda one: ops.conv(one[0][None], one[1], data_format="channels_last", **CONVOLUTION),
            (x, k),
        ),
    }
    if BACKEND == "torch":
        ways["grouped convolution"] = lambda x, k: _in_groups(x, k, **CONVOLUTION)
    title = f"convolution, {IMAGES} x {SIZE_PIXELS} x {SIZE_PIXELS} x {CHANNELS}, 3x3"
    compare(title, ways, (images, kernels), repeats)

    dense, convolution = keras.layers.Dense, keras.layers.Conv2D
    layers(f"Dense({WIDTH})", lambda: dense(WIDTH), vectors, repeats)
    layers(
        f"Conv2D({CHANNELS}, 3)", lambda: convolution(CHANNELS, 3, padding="same"), images, repeats
    )


def compare(title, ways, arrays, repeats) -> None:
    steps = {name: step_of(way, arrays) for name, way in ways.items()}
    medians = measure(steps, repeats)
    first = next(iter(steps))
    print(f"{title}: kernels of all examples {arrays[1].nbytes / 2**20:.1f} MiB")
    for name, milliseconds in medians.items():
        print(f"  {name:20} {milliseconds:8.1f} ms   {milliseconds / medians[first]:.2f} x {first}")


def layers(title, make, inputs, repeats) -> None:
    steps = {}
    for name, layer in {"alone": make(), "DropConnect": DropConnect(make(), 0.5)}.items():
        model = keras.Sequential([keras.Input(inputs.shape[1:]), layer])
        model.compile("sgd", "mse", jit_compile=BACKEND != "torch")
        targets = np.zeros((len(inputs), *model.output_shape[1:]), "float32")
        steps[name] = lambda m=model, y=targets: m.train_on_batch(inputs, y)
    medians = measure(steps, repeats)
    print(f"{title}, training step: " + ", ".join(f"{n} {t:.1f} ms" for n, t in medians.items()))


def measure(steps, repeats) -> dict[str, float]:
    """Returns the median CPU milliseconds of each step."""
    seconds = take_turns(steps, repeats)
    return {name: 1000 * statistics.median(each[:, CPU]) for name, each in seconds.items()}


def step_of(way, arrays):
    """Returns a function that computes the gradients of a sum of squares, and waits for them."""
    if BACKEND == "jax":
        import jax

        tensors = [jax.numpy.asarray(a) for a in arrays]
        gradients = jax.jit(jax.grad(lambda x, k: ops.sum(way(x, k) ** 2), argnums=(0, 1)))
        return lambda: jax.block_until_ready(gradients(*tensors))
    if BACKEND == "tensorflow":
        import tensorflow as tf

        tensors = [tf.constant(a) for a in arrays]

        @tf.function(jit_compile=True)
        def gradients():
            with tf.GradientTape() as tape:
                tape.watch(tensors)
                loss = ops.sum(way(*tensors) ** 2)
            return tape.gradient(loss, tensors)

        return lambda: gradients()[0].numpy()

    import torch

    tensors = [torch.tensor(a, requires_grad=True) for a in arrays]
    return lambda: torch.autograd.grad(ops.sum(way(*tensors) ** 2), tensors)


if __name__ == "__main__":
    main(*map(int, sys.argv[1:2]))
