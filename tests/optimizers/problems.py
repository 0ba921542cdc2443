"""Gradients for tests of optimizers, and ways to apply them."""

import contextlib

import keras
import numpy as np
from keras import ops

STEPS = 110
BACKEND = keras.backend.backend()


def gradients(seed=0, alike=False):
    """Returns gradients of a kernel with a row for each kind, exact in float32.

    `alike` makes all rows of one kind and size.
    """
    rng = np.random.default_rng(seed)
    rows = rng.normal(size=(STEPS, 6, 2))
    if alike:
        return rows.astype("float32")
    rows[:, 1] = 0
    rows[:, 2] *= 1e6
    rows[:, 3] *= 1e-6
    rows[:, 4] *= rng.random((STEPS, 1)) < 0.05  # Sparse in time.
    rows[:, 5] = 0.3 + 0.1 * rows[:, 5]  # Almost always of the same sign.
    return rows.astype("float32")


@contextlib.contextmanager
def precision(dtype):
    """Sets the dtype of learning rates, and turns on float64 in JAX."""
    with contextlib.ExitStack() as stack:
        if BACKEND == "jax" and dtype == "float64":
            import jax

            stack.enter_context(jax.enable_x64(True))
        keras.config.set_floatx(dtype)
        stack.callback(keras.config.set_floatx, "float32")
        yield


def path_of(optimizer, steps, dtype="float32", start=0.0):
    """Returns the weights of a kernel after each step."""
    w = keras.Variable(np.full(steps.shape[1:], start), dtype=dtype, name="kernel")
    optimizer.build([w])
    return np.array(_RUN[BACKEND](optimizer, w, ops.convert_to_tensor(steps, dtype)))


def _run_tensorflow(optimizer, w, steps):
    import tensorflow as tf

    @tf.function
    def run(steps):
        path = tf.TensorArray(steps.dtype, len(steps))
        for index in tf.range(len(steps)):
            optimizer.apply([steps[index]], [w])
            path = path.write(index, w.value)
        return path.stack()

    return run(steps)


def _run_jax(optimizer, w, steps):
    import jax

    def step(state, gradient):
        weights, state = optimizer.stateless_apply(state[1], [gradient], state[0])
        return (weights, state), weights[0]

    state = [w.value], [variable.value for variable in optimizer.variables]
    return jax.jit(lambda: jax.lax.scan(step, state, steps)[1])()


def _run_torch(optimizer, w, steps):
    path = []
    for gradient in steps:
        optimizer.apply([gradient], [w])
        path.append(ops.convert_to_numpy(w).copy())
    return path


_RUN = {"tensorflow": _run_tensorflow, "jax": _run_jax, "torch": _run_torch}


def relative_error(path, expected):
    """Returns the largest error of an entry relative to its largest distance from the start."""
    span = np.abs(expected).max(axis=0)
    error = np.abs(path - expected).max(axis=0)
    assert (error[span == 0] == 0).all()
    return (error[span > 0] / span[span > 0]).max()
