"""Private names of Keras about calls of layers and operations."""


def assign_in_call(variable, value) -> None:
    """Assigns a value to a variable from inside of a layer's call.

    Uses: `keras.src.backend.common.AutocastScope`.

    Reason: under mixed precision, a variable that is read within a call is a copy in the compute
    dtype. On PyTorch `assign` of Keras 3.15 writes into that copy, and the new value is lost.

    Fallback: `assign` alone, which loses no value since Keras 3.16.

    Test: `tests/models/initialization/test_layer_by_layer.py`.
    """
    try:
        from keras.src.backend.common import AutocastScope
    except ImportError:
        variable.assign(value)
        return
    with AutocastScope(None):
        variable.assign(value)


def calls_of(operation) -> list[list[tuple[object, int]]]:
    """Returns, for each call of a layer in a graph, where each tensor that it took is from.

    Uses: `Operation._inbound_nodes`, and what `origin_of` uses. Reason: `Layer.input` tells only of
    a layer's first call, which in a model inside of another is that of its own graph; `get_config`
    fails where a custom layer has none. Fallback: no calls, so that a layer's inputs are unknown.
    Test: `tests/diagnostics/facts/test_models.py`.
    """
    nodes = getattr(operation, "_inbound_nodes", ())
    origins = ([origin_of(tensor) for tensor in node.input_tensors] for node in nodes)
    return [[origin for origin in call if origin is not None] for call in origins]


def origin_of(tensor) -> tuple[object, int] | None:
    """Returns the layer or operation that computes a tensor of a graph, and which output it is.

    Uses: `KerasTensor._keras_history`. Reason and test: as `calls_of`. Fallback: `None`.
    """
    history = getattr(tensor, "_keras_history", None)
    return None if history is None else (history[0], history[2])


def is_symbolic_call() -> bool:
    """Returns whether Keras calls a layer only to learn the shapes of its outputs.

    Uses: `keras.src.backend.common.symbolic_scope.in_symbolic_scope`.

    Reason: on PyTorch, such a call computes on arrays that Keras makes up, and nothing public tells
    them from images.

    Fallback: no. A layer may then warn of the value range of images that are none.

    Test: `tests/layers/augmentation/test_value_range.py`.
    """
    try:
        from keras.src.backend.common.symbolic_scope import in_symbolic_scope
    except ImportError:
        return False
    return in_symbolic_scope()
