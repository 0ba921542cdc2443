"""Every use of a private name of Keras: its reason, its fallback and its test."""

import inspect
import sys
import weakref
from collections.abc import Callable

import keras


class ForeachUpdates(keras.optimizers.Optimizer):
    """Lets an optimizer update all weights at once on PyTorch, by its `update_foreach`.

    Uses: `Optimizer._backend_update_step`, which Keras calls with all gradients and variables.

    Reason: eager PyTorch pays for each operation, and Keras's loop over `update_step` runs a dozen
    for each of a network's hundreds of weights. `torch._foreach_*` takes them all in one call.

    Fallback: the loop, which is also what an optimizer without `update_foreach` gets, and what is
    left if Keras no longer calls this name.

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
    """Returns whether a PyTorch tensor's value can be had without waiting for a GPU.

    Then `update_foreach` may use operations that take numbers only, and fewer of them.
    """
    return number.device.type == "cpu"


class AllowsEmptyWeightDecay(keras.optimizers.Optimizer):
    """Lets an optimizer with `weight_decay` be applied where no weight is to be decayed.

    Uses: `Optimizer._apply_weight_decay`.

    Reason: PyTorch refuses an empty list of tensors, so that on it Keras raises a `RuntimeError` if
    every weight is excluded, as when only normalization scales are trained.

    Fallback: Keras's own method, with that error.

    Test: `tests/optimizers/test_private.py`.
    """

    def _apply_weight_decay(self, variables):
        if any(uses_weight_decay(self, variable) for variable in variables):
            super()._apply_weight_decay(variables)


class DecaysWithinItsStep(keras.optimizers.Optimizer):
    """Lets an optimizer's `update_step` decay weights itself, by its `weight_decay`.

    Uses: `Optimizer._apply_weight_decay`.

    Reason: Keras decays before the step and by the whole learning rate, wherever `weight_decay` is
    an attribute. That of LARS belongs to the gradient; with a learning rate for each layer it is to
    shrink with that rate.

    Fallback: none; Keras's decay would come on top, which the test finds.

    Test: `tests/optimizers/test_private.py`.
    """

    def _apply_weight_decay(self, variables):
        pass


def uses_weight_decay(optimizer, variable) -> bool:
    """Returns whether an optimizer decays a variable, if it decays any.

    Uses: `Optimizer._use_weight_decay`.

    Reason: the only record of what `exclude_from_weight_decay` was told, which a second call of
    that method forgets.

    Fallback: every variable is decayed, as by an optimizer that was told nothing.

    Test: `tests/optimizers/test_private.py`.
    """
    known = getattr(optimizer, "_use_weight_decay", None)
    return True if known is None else known(variable)


def is_compiled_by_xla() -> bool:
    """Returns whether TensorFlow traces a function that XLA will compile.

    Uses: the control flow context of TensorFlow's graphs, which `jit_compile=True` enters.

    Reason: some fast operations of TensorFlow do not compile under XLA, and nothing public tells
    a layer, which is traced inside of somebody else's function, what will become of it.

    Fallback: an operation that always compiles; so does a graph that keeps no such context.

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
    """Returns whether TensorFlow traces a function for `tf.data`, which will run on the host.

    Uses: the name of TensorFlow's function graphs, which begins with `Dataset_` for functions that
    are handed to a method of `tf.data.Dataset`.

    Reason: inside of `tf.data` a layer may hand images to a library that runs on the CPU; in the
    graph of a model, which may be differentiated, saved or placed on a GPU, it may not.

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

    Reason: under mixed precision a variable reads within a call as the compute dtype has it, and on
    PyTorch `assign` writes into that copy, which is lost.

    Fallback: none; PyTorch would keep the old value, which the test finds.

    Test: `tests/models/initialization/test_layer_by_layer.py`.
    """
    from keras.src.backend import AutocastScope

    with AutocastScope(None):
        variable.assign(value)


def hold_gradients_weakly() -> None:
    """Lets what `tf.custom_gradient` registered live as long as the graph that it was traced in.

    Then Python's garbage collector frees the models that this process trained and has done with.

    Uses: `gradient_registry` of `tensorflow.python.framework.ops`, the closures of what
    `tf.custom_gradient` puts into it, and that a graph takes an attribute.

    Reason: TensorFlow keeps each of these functions for good and, by the tensors in its closure,
    the graph and the weights of its model. Every optimizer of Keras's makes one for the sum of the
    gradients over replicas, `silu` makes another: a process that trains a hundred networks, one
    after the other, ends with the weights and moments of all of them.

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
    """A function that is somebody else's to keep."""

    def __init__(self, function: Callable):
        self.function = weakref.ref(function)

    def __call__(self, *arguments):
        function = self.function()
        if function is None:
            raise LookupError("The graph that this gradient belongs to is gone.")
        return function(*arguments)


def _graph_of(gradient: Callable):
    """Returns the graph in which a custom gradient was traced; `None` if its closure is unknown."""
    import tensorflow as tf

    closure = inspect.getclosurevars(gradient).nonlocals if inspect.isfunction(gradient) else {}
    inner = closure.get("tape_grad_fn")
    if not inspect.isfunction(inner):
        return None
    results = tf.nest.flatten(inspect.getclosurevars(inner).nonlocals.get("result"))
    graphs = (getattr(result, "graph", None) for result in results)
    return next((graph for graph in graphs if graph is not None), None)


def is_traced_by_jax(x) -> bool:
    """Returns whether a JAX array stands for one of a function that is being compiled."""
    import jax

    return isinstance(x, jax.core.Tracer)
