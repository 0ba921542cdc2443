"""Functions that are applied to some samples of a batch only."""

import keras
from keras import ops

from kerasrecipes.base.private.tracing import is_compiled_by_xla, is_traced_by_jax


def apply_where(mask, function, values, *arguments):
    """Returns `function(values, *arguments)` for samples where `mask` is true, `values` elsewhere.

    The function is computed for the samples of the mask only. There are two exceptions, in which it
    is computed for all samples: with JAX on accelerators and with TensorFlow under XLA, because
    shapes must be fixed; and with JAX in eager mode, which would compile a loop for each call.

    Args:
        mask: `(batch,)`, Boolean.
        function: Takes some samples of `values` and of each argument, and returns new values for
            them, of the same shape and dtype.
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

    if len(mask) == 1:  # A call inside of another call's loop over samples.
        return if_chosen(mask[0], values, *arguments)
    return jax.lax.map(one, (mask, values, *arguments))
