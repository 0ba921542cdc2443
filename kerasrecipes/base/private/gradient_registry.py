"""TensorFlow's registry of custom gradients, which keeps models alive: the remedy."""

import inspect
import sys
import weakref
from collections.abc import Callable


def hold_gradients_weakly() -> None:
    """Lets TensorFlow's registered custom gradients live no longer than the graphs they belong to.

    Python's garbage collector can then free models that are no longer used.

    Uses: `gradient_registry` of `tensorflow.python.framework.ops`, the closures of the functions
    that `tf.custom_gradient` puts into it, and an attribute that is added to a graph.

    Reason: TensorFlow keeps each of these functions until the process ends. The tensors in the
    function's closure keep the graph, and the graph keeps its model's weights. Each Keras optimizer
    registers such a function for the sum of gradients over replicas, and `silu` registers another
    one. A process that trains a hundred networks, one after another, would end with the weights and
    moments of all of them in memory.

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
    """A function that is called through a weak reference: others keep it alive, or do not."""

    def __init__(self, function: Callable):
        self.function = weakref.ref(function)

    def __call__(self, *arguments):
        function = self.function()
        if function is None:
            raise LookupError("The graph that this gradient belongs to is gone.")
        return function(*arguments)


def _graph_of(gradient: Callable):
    """Returns the graph in which a custom gradient was traced, or `None` if it cannot be found."""
    import tensorflow as tf

    closure = inspect.getclosurevars(gradient).nonlocals if inspect.isfunction(gradient) else {}
    inner = closure.get("tape_grad_fn")
    if not inspect.isfunction(inner):
        return None
    results = tf.nest.flatten(inspect.getclosurevars(inner).nonlocals.get("result"))
    graphs = (getattr(result, "graph", None) for result in results)
    return next((graph for graph in graphs if graph is not None), None)
