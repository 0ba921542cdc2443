"""Counts of a network's multiplications, and the rate at which a device can do them."""

import math
import time

import keras

MATRIX_SIZE, SMALL_MATRIX_SIZE, PRODUCTS = 8192, 256, 16


def multiplications(model: keras.Model) -> int:
    """Returns the multiplications that convolutions and dense layers take for one image."""
    total = 0
    for layer in model.layers:
        if isinstance(layer, keras.layers.Conv2D | keras.layers.Dense):
            positions = math.prod(layer.output.shape[1:-1])
            total += positions * math.prod(layer.kernel.shape)
    return total


def operations_per_image(model: keras.Model) -> int:
    """Returns the multiplications and additions of a training step, for one image.

    The gradients to a layer's inputs and to its kernel take as many again, each, as its outputs.
    """
    return 2 * 3 * multiplications(model)


def matrix_rate(precision: str, small: bool) -> float:
    """Returns the multiplications and additions a second of a large matrix product in JAX."""
    import jax
    import jax.numpy as jnp

    size = SMALL_MATRIX_SIZE if small else MATRIX_SIZE
    left = jax.random.normal(jax.random.key(0), (size, size), precision)
    right = jax.random.normal(jax.random.key(1), (size, size), precision) / math.sqrt(size)

    @jax.jit
    def multiply(x):
        return jax.lax.fori_loop(0, PRODUCTS, lambda _, x: jnp.matmul(x, right).astype(x.dtype), x)

    multiply(left).block_until_ready()
    seconds = []
    for _ in range(5):
        began = time.perf_counter()
        multiply(left).block_until_ready()
        seconds.append(time.perf_counter() - began)
    return PRODUCTS * 2 * size**3 / min(seconds)
