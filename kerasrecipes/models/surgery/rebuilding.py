"""A copy of a model with other layers in it."""

from collections.abc import Callable

import keras


def rebuild(
    model: keras.Model, replace: Callable[[keras.Model], Callable[[keras.layers.Layer], object]]
) -> keras.Model:
    """Returns a copy of a model, weights too, in which some layers are replaced.

    It is compiled as the model is, with a new optimizer.

    Args:
        model: A built functional or sequential model; models inside it are rebuilt alike.
        replace: Called with each such model. Returns a function that is called with each of its
            layers, and returns the layer to put in its place: `copy_layer(layer)`, or another
            that is built; `None` to leave the layer out and pass its input on.

    Raises:
        ValueError: If the model is neither functional nor sequential, or not built.
    """
    if not is_graph(model) or not model.built:
        raise ValueError(
            "`model` must be a functional or sequential model, and built, for its layers to be "
            f"known. Received: model={model!r}"
        )
    replacement = replace(model)

    def clone(layer):
        return rebuild(layer, replace) if is_graph(layer) else replacement(layer)

    if isinstance(model, keras.Sequential):
        layers = [clone(layer) for layer in model.layers]
        inputs = keras.Input(batch_shape=model.input_shape, dtype=model.inputs[0].dtype)
        kept = [layer for layer in layers if layer is not None]
        copy = keras.Sequential([inputs, *kept], name=model.name)
        if model.compiled:
            copy.compile_from_config(model.get_compile_config())
        return copy

    left_out = set()

    def clone_or_leave_out(layer):
        copy = clone(layer)
        if copy is None:
            left_out.add(layer.name)
        return layer if copy is None else copy

    def call(layer, *args, **kwargs):
        return args[0] if layer.name in left_out else layer(*args, **kwargs)

    return keras.models.clone_model(model, clone_function=clone_or_leave_out, call_function=call)


def copy_layer(layer: keras.layers.Layer) -> keras.layers.Layer:
    """Returns a layer like `layer` with a copy of its weights."""
    copy = type(layer).from_config(layer.get_config())
    if layer.weights:
        copy.build_from_config(layer.get_build_config())
        copy.set_weights(layer.get_weights())
    return copy


def is_graph(layer: keras.layers.Layer) -> bool:
    """Returns whether a layer is a model whose layers and their order are known."""
    if isinstance(layer, keras.Sequential):
        return True
    return isinstance(layer, keras.Model) and "output_layers" in layer.get_config()
