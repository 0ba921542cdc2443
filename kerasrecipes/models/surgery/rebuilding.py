"""Rebuilding of a model with some of its layers replaced."""

from collections.abc import Callable

import keras


def rebuild(
    model: keras.Model, replace: Callable[[keras.Model], Callable[[keras.layers.Layer], object]]
) -> keras.Model:
    """Returns a copy of a model and its weights, in which some layers are replaced.

    The copy is compiled as the model is, with a new optimizer.

    Args:
        model: A built functional or sequential model. Functional and sequential models inside it
            are rebuilt in the same way.
        replace: Called with the model, and with each model inside it. It returns a function that is
            called with each layer and returns the layer's replacement: `copy_layer(layer)`, another
            built layer, or `None` to leave the layer out and pass its input on.

    Raises:
        ValueError: If the model is neither functional nor sequential, or is not built.
    """
    if not is_graph(model) or not model.built:
        raise ValueError(
            "`model` must be a functional or sequential model that is built, so that its layers "
            f"are known. Received: model={model!r}"
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
    """Returns a copy of a layer and its weights."""
    copy = type(layer).from_config(layer.get_config())
    if layer.weights:
        copy.build_from_config(layer.get_build_config())
        copy.set_weights(layer.get_weights())
    return copy


def is_graph(layer: keras.layers.Layer) -> bool:
    """Returns whether a layer is a functional or sequential model."""
    if isinstance(layer, keras.Sequential):
        return True
    return isinstance(layer, keras.Model) and "output_layers" in layer.get_config()
