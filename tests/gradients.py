"""Gradients on every backend."""

import keras


def gradients(loss, variables):
    """Returns the gradients of `loss()` with respect to Keras variables, as NumPy arrays."""
    computed = globals()[f"_{keras.backend.backend()}"](loss, variables)
    return [keras.ops.convert_to_numpy(gradient) for gradient in computed]


def _tensorflow(loss, variables):
    import tensorflow as tf

    with tf.GradientTape() as tape:
        value = loss()
    return tape.gradient(value, [variable.value for variable in variables])


def _jax(loss, variables):
    import jax

    def stateless(values):
        with keras.StatelessScope(zip(variables, values, strict=True)):
            return loss()

    return jax.grad(stateless)([variable.value for variable in variables])


def _torch(loss, variables):
    import torch

    return torch.autograd.grad(loss(), [variable.value for variable in variables])
