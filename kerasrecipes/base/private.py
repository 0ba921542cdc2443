"""All uses of private names of Keras and TensorFlow, each with a reason, a fallback and a test."""

import inspect
import sys
import weakref
from collections.abc import Callable

import keras


class ForeachUpdates(keras.optimizers.Optimizer):
    """Lets an optimizer update all weights at once on PyTorch, by its `update_foreach`.

    Uses: `Optimizer._backend_update_step`, which Keras calls with all gradients and variables.

    Reason: eager PyTorch has a cost for each operation, and Keras's loop over `update_step` runs a
    dozen operations for each of a network's hundreds of weights. `torch._foreach_*` runs one
    operation for all weights.

    Fallback: the loop. Optimizers without `update_foreach` use it in any case, and all of them
    would if Keras did not call this name any more.

    Test: `tests/optimizers/test_private.py`.
    """

    update_foreach: Callable | None = None

    def _backend_update_step(self, grads, trainable_variables, learning_rate):
        if self.update_foreach is None or keras.backend.backend() != "torch":
            super()._backend_update_step(grads, trainable_variables, learning_rate)
            return
        import torch

        with torch.no_grad():
            gradients = [
                gradient.to(variable.value.dtype)
                for gradient, variable in zip(grads, trainable_variables, strict=True)
            ]
            self.update_foreach(gradients, trainable_variables, learning_rate)


def is_on_cpu(number) -> bool:
    """Returns whether a PyTorch tensor's value can be read without waiting for a GPU.

    If so, `update_foreach` can use operations with numbers as arguments, and needs fewer of them.
    """
    return number.device.type == "cpu"


class AllowsEmptyWeightDecay(keras.optimizers.Optimizer):
    """Lets an optimizer with `weight_decay` be applied even if it decays none of the weights.

    Uses: `Optimizer._apply_weight_decay`.

    Reason: PyTorch refuses an empty list of tensors. So Keras raises a `RuntimeError` on PyTorch if
    every weight is excluded, for example if only normalization scales are trained.

    Fallback: Keras's own method, with that error.

    Test: `tests/optimizers/test_private.py`.
    """

    def _apply_weight_decay(self, variables):
        if any(uses_weight_decay(self, variable) for variable in variables):
            super()._apply_weight_decay(variables)


class DecaysWithinItsStep(keras.optimizers.Optimizer):
    """Lets an optimizer's `update_step` decay weights itself, by its `weight_decay`.

    Uses: `Optimizer._apply_weight_decay`.

    Reason: if an optimizer has an attribute `weight_decay`, Keras decays the weights before the
    step and by the whole learning rate. But LARS adds the decay to the gradient, and with a
    learning rate for each layer, the decay must be proportional to that rate.

    Fallback: none. Keras would decay the weights a second time, which the test detects.

    Test: `tests/optimizers/test_private.py`.
    """

    def _apply_weight_decay(self, variables):
        pass


def uses_weight_decay(optimizer, variable) -> bool:
    """Returns whether an optimizer that decays weights decays this variable.

    Uses: `Optimizer._use_weight_decay`.

    Reason: nothing public tells which variables were excluded by `exclude_from_weight_decay`, and a
    second call of that method forgets them.

    Fallback: no variable is excluded.

    Test: `tests/optimizers/test_private.py`.
    """
    known = getattr(optimizer, "_use_weight_decay", None)
    return True if known is None else known(variable)


def is_compiled_by_xla() -> bool:
    """Returns whether TensorFlow is tracing a function that XLA will compile.

    Uses: the control flow context of TensorFlow's graphs, which `jit_compile=True` enters.

    Reason: some fast operations of TensorFlow do not compile under XLA. Nothing public tells a
    layer whether the function in which it is traced will be compiled by XLA.

    Fallback: an operation that always compiles, as if every function were compiled by XLA.

    Test: `tests/layers/augmentation/_warp/test_warping.py`.
    """
    import tensorflow as tf

    if tf.executing_eagerly():
        return False
    graph = tf.compat.v1.get_default_graph()
    while graph is not None:
        context_of = getattr(graph, "_get_control_flow_context", None)
        if context_of is None:
            return True
        context = context_of()
        while context is not None:
            if context.IsXLAContext():
                return True
            context = context.outer_context
        graph = getattr(graph, "outer_graph", None)
    return False


def is_traced_by_tf_data() -> bool:
    """Returns whether TensorFlow is tracing a function for `tf.data`, which will run on the host.

    Uses: the names of TensorFlow's function graphs, which begin with `Dataset_` for functions that
    are given to a method of `tf.data.Dataset`.

    Reason: inside of `tf.data`, a layer may give images to a library that runs on the CPU. In the
    graph of a model it must not, because a model may be differentiated, saved or placed on a GPU.

    Fallback: TensorFlow's own operations, as in any other graph.

    Test: `tests/layers/augmentation/_warp/test_opencv_calls.py`.
    """
    import tensorflow as tf

    graph = None if tf.executing_eagerly() else tf.compat.v1.get_default_graph()
    while graph is not None:
        if getattr(graph, "name", "").startswith("Dataset_"):
            return True
        graph = getattr(graph, "outer_graph", None)
    return False


def assign_in_call(variable, value) -> None:
    """Assigns a value to a variable from inside of a layer's call.

    Uses: `keras.src.backend.AutocastScope`.

    Reason: under mixed precision, a variable that is read within a call is a copy in the compute
    dtype. On PyTorch, `assign` writes into that copy, and the new value is lost.

    Fallback: none. On PyTorch, the variable would keep the old value, which the test detects.

    Test: `tests/models/initialization/test_layer_by_layer.py`.
    """
    from keras.src.backend import AutocastScope

    with AutocastScope(None):
        variable.assign(value)


def hold_gradients_weakly() -> None:
    """Ties the lifetime of TensorFlow's custom gradients to the graph that they were traced in.

    After that, Python's garbage collector can free models that this process no longer uses.

    Uses: `gradient_registry` of `tensorflow.python.framework.ops`; the closures of the functions
    that `tf.custom_gradient` registers in it; and attributes of a graph, to hold the functions.

    Reason: TensorFlow never removes a registered function. The tensors in its closure keep the
    graph and the weights of its model alive. Every optimizer of Keras registers such a function for
    the sum of gradients over replicas, and `silu` registers another. So a process that trains a
    hundred networks, one after the other, keeps the weights and moments of all of them.

    Fallback: nothing is freed, as in plain Keras.

    Test: `tests/training/test_freed_models.py`.
    """
    if "tensorflow" not in sys.modules:
        return
    from tensorflow.python.framework import ops

    entries = getattr(getattr(ops, "gradient_registry", None), "_registry", {})
    for name in [name for name in entries if name.startswith("CustomGradient-")]:
        gradient = entries[name].get("type")
        if isinstance(gradient, _WeaklyHeld):
            if gradient.function() is None:
                del entries[name]
        elif (graph := _graph_of(gradient)) is not None:
            graph.kerasrecipes_gradients = [*getattr(graph, "kerasrecipes_gradients", ()), gradient]
            entries[name] = {**entries[name], "type": _WeaklyHeld(gradient)}


class _WeaklyHeld:
    """A function that can be called as long as another object holds it."""

    def __init__(self, function: Callable):
        self.function = weakref.ref(function)

    def __call__(self, *arguments):
        function = self.function()
        if function is None:
            raise LookupError("The graph that this gradient belongs to has been freed.")
        return function(*arguments)


def _graph_of(gradient: Callable):
    """Returns the graph in which a custom gradient was traced, or `None` if it is not found."""
    import tensorflow as tf

    closure = inspect.getclosurevars(gradient).nonlocals if inspect.isfunction(gradient) else {}
    inner = closure.get("tape_grad_fn")
    if not inspect.isfunction(inner):
        return None
    results = tf.nest.flatten(inspect.getclosurevars(inner).nonlocals.get("result"))
    graphs = (getattr(result, "graph", None) for result in results)
    return next((graph for graph in graphs if graph is not None), None)


def is_traced_by_jax(x) -> bool:
    """Returns whether a JAX array is a placeholder in a function that is being compiled."""
    import jax

    return isinstance(x, jax.core.Tracer)
