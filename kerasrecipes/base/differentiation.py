"""Value and gradient of a function of tensors, on three backends."""

from collections.abc import Callable, Sequence
from typing import Any

import keras

# A function that takes tensors to differentiate by and other ones, and returns a scalar and what
# else it has computed.
Function = Callable[[Sequence[Any], Any], tuple[Any, Any]]


def differentiated(function: Function) -> Callable[[Sequence[Any], Any], tuple[Any, Any, list]]:
    """Makes a function return its gradients, too, as third value.

    A gradient is `None`, or zero, where the value does not depend on a tensor. On JAX, the function
    is compiled when it is called first: one call of each of its operations would take longer, as
    each is compiled alone.

    Args:
        function: Function of tensors to differentiate by, and of a structure of other tensors.
            Returns a scalar, and a structure of other tensors.

    Example:

    >>> square = differentiated(lambda tensors, factor: (factor * ops.sum(tensors[0] ** 2), ()))
    >>> value, _, gradients = square([ops.convert_to_tensor([1.0, 3.0])], 2.0)
    >>> float(value), [float(entry) for entry in gradients[0]]
    (20.0, [4.0, 12.0])
    """

    def called(tensors, others):
        return value_and_gradients(function, tensors, others)

    if keras.backend.backend() != "jax":
        return called
    import jax

    return jax.jit(called)


def value_and_gradients(
    function: Function, tensors: Sequence[Any], others: Any
) -> tuple[Any, Any, list]:
    """Returns what `differentiated` does, from within a function that is traced already."""
    return _BACKENDS[keras.backend.backend()](function, tensors, others)


def _on_tensorflow(function: Function, tensors, others):
    import tensorflow as tf

    tensors = [tf.convert_to_tensor(tensor) for tensor in tensors]
    with tf.GradientTape(watch_accessed_variables=False) as tape:
        tape.watch(tensors)
        value, rest = function(tensors, others)
    gradients = tape.gradient(value, tensors) if tensors else []
    return value, rest, [g if g is None else tf.convert_to_tensor(g) for g in gradients]


def _on_jax(function: Function, tensors, others):
    import jax

    (value, rest), gradients = jax.value_and_grad(function, has_aux=True)(list(tensors), others)
    return value, rest, gradients


def _on_torch(function: Function, tensors, others):
    import torch

    with torch.enable_grad():
        tensors = [tensor.detach().requires_grad_(True) for tensor in tensors]
        value, rest = function(tensors, others)
        if not tensors or not value.requires_grad:
            return value.detach(), rest, [None] * len(tensors)
        gradients = torch.autograd.grad(value, tensors, allow_unused=True)
        return value.detach(), rest, list(gradients)


_BACKENDS: dict[str, Callable] = {
    "tensorflow": _on_tensorflow,
    "jax": _on_jax,
    "torch": _on_torch,
}
