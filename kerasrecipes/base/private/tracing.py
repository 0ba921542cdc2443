"""Questions about a function that is being traced: for XLA, for `tf.data`, or by JAX."""


def is_compiled_by_xla() -> bool:
    """Returns whether TensorFlow is tracing a function that XLA will compile.

    Uses: `_get_control_flow_context` of TensorFlow's graphs. `jit_compile=True` enters a context of
    XLA's.

    Reason: XLA cannot compile some of TensorFlow's fast operations. A layer is traced as a part of
    somebody else's function, and nothing public tells it whether that function is for XLA.

    Fallback: the answer is yes where a graph has no such method. Callers then use operations that
    XLA can compile.

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
    """Returns whether TensorFlow is tracing a function for `tf.data`, which runs on the host.

    Uses: the names of TensorFlow's function graphs. They begin with `Dataset_` for functions that
    are given to a method of `tf.data.Dataset`.

    Reason: inside of `tf.data` a layer may hand images to a library that runs on the CPU. In the
    graph of a model it may not: such a graph may be differentiated, saved or placed on a GPU.

    Fallback: the answer is no where graphs have other names. Callers then use TensorFlow's own
    operations.

    Test: `tests/layers/augmentation/_warp/test_opencv_calls.py`.
    """
    import tensorflow as tf

    graph = None if tf.executing_eagerly() else tf.compat.v1.get_default_graph()
    while graph is not None:
        if getattr(graph, "name", "").startswith("Dataset_"):
            return True
        graph = getattr(graph, "outer_graph", None)
    return False


def is_traced_by_jax(x) -> bool:
    """Returns whether JAX is tracing: whether an array of it is a tracer, without values."""
    import jax

    return isinstance(x, jax.core.Tracer)
