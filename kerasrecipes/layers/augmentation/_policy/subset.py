"""Work for some of a batch's samples only."""

import keras
from keras import ops

from kerasrecipes.base.tracing import is_compiled_by_xla, is_traced_by_jax


def apply_where(mask, function, values, *arguments):
    """Returns `values` with `function(values, *arguments)` in place where `mask` is true.

    Elsewhere nothing is computed, except on accelerators and under XLA with TensorFlow, where
    shapes are fixed, and eagerly with JAX, which would compile a loop for each call: there all
    samples are, at once, and then chosen from.

    Args:
        mask: `(batch,)`, Boolean.
        function: Takes some of the samples of `values` and of each argument; returns what `values`
            has for them, in the same shape and dtype.
        values: `(batch, ...)`.
        *arguments: `(batch, ...)` each.
    """
    backend = keras.backend.backend()
    if backend == "torch":
        return _torch(mask, function, values, *arguments)
    if backend == "tensorflow" and not is_compiled_by_xla():
        return _tensorflow(mask, function, values, *arguments)
    if backend == "jax" and is_traced_by_jax(mask) and _is_on_cpu():
        return _jax(mask, function, values, *arguments)
    shape = (-1, *[1] * (len(values.shape) - 1))
    return ops.where(ops.reshape(mask, shape), function(values, *arguments), values)


def _tensorflow(mask, function, values, *arguments):
    import tensorflow as tf

    places = tf.where(mask)
    chosen = [tf.gather_nd(x, places) for x in (values, *arguments)]
    return tf.tensor_scatter_nd_update(values, places, function(*chosen))


def _torch(mask, function, values, *arguments):
    if not mask.any():
        return values
    values = values.clone()
    values[mask] = function(*(x[mask] for x in (values, *arguments)))
    return values


def _is_on_cpu() -> bool:
    import jax

    return jax.default_backend() == "cpu"


def _jax(mask, function, values, *arguments):
    import jax

    def if_chosen(chosen, values, *arguments):
        return jax.lax.cond(chosen, lambda: function(values, *arguments), lambda: values)

    def one(sample):
        chosen, *parts = sample
        return if_chosen(chosen, *(part[None] for part in parts))[0]

    if len(mask) == 1:  # As inside of another loop over samples.
        return if_chosen(mask[0], values, *arguments)
    return jax.lax.map(one, (mask, values, *arguments))
