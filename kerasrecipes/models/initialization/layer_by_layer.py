"""Layers of a model, initialized one after another as data comes to them."""

import contextlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import keras
import numpy as np

from kerasrecipes.layers.normalization.kernel_axes import channel_axis, has_one_kernel
from kerasrecipes.layers.preprocessing.streamed_moments import StreamedMoments
from kerasrecipes.models.surgery.graph import all_layers


@dataclass(frozen=True)
class InitializedLayer:
    """What happened to one layer with weights.

    Args:
        name: The layer's.
        skipped: Why it was left as it was; empty if it was not.
        before: Standard deviation of its outputs before its activation, over samples, places and
            channels, as the function found it; `None` where it did not look.
        after: The same as the function left it.
    """

    name: str
    skipped: str = ""
    before: float | None = None
    after: float | None = None


# Gets a layer, its kernel in float64, and its inputs.
Initialize = Callable[[keras.layers.Layer, np.ndarray, object], InitializedLayer]


def initialize_layer_by_layer(
    model: keras.Model, batch, initialize: Initialize
) -> tuple[InitializedLayer, ...]:
    """Passes a batch through a model and initializes each layer with a kernel on its way.

    The pass is in inference mode. A layer receives what the layers before it give after they were
    initialized; one that is called several times goes by its first call. Models inside the model
    are entered. Layers are skipped that are frozen, that have no kernel or several, whose kernel
    another layer computes (`WeightNormalization`), whose kernel is zero, as it is on purpose at the
    end of a residual branch, or that the pass does not reach.

    Args:
        model: A built model.
        batch: A batch of its inputs.
        initialize: Changes a layer's weights and says what it did.

    Returns:
        What happened to each layer with weights, in the order of the model's layers.
    """
    done: dict[int, InitializedLayer] = {}
    layers = {id(layer): layer for layer in all_layers(model) if layer.weights}
    with contextlib.ExitStack() as stack:
        for key, layer in layers.items():
            if reason := _why_skipped(layer):
                done[key] = InitializedLayer(layer.name, reason)
                continue
            # Read here: inside a call, a variable reads as the compute dtype has it.
            kernel = keras.ops.convert_to_numpy(layer.kernel).astype("float64")
            stack.enter_context(_initializing(layer, kernel, initialize, done))
        model(batch, training=False)
    unreached = "it is not called by the model"
    return tuple(
        done.get(key) or InitializedLayer(layer.name, unreached) for key, layer in layers.items()
    )


def moments_before_activation(layer: keras.layers.Layer, inputs) -> StreamedMoments:
    """Returns the moments of a layer's channels before its activation.

    Raises:
        ValueError: If an output is not finite.
    """
    activation = layer.activation
    layer.activation = keras.activations.linear
    try:
        outputs = type(layer).call(layer, inputs)
    finally:
        layer.activation = activation
    outputs = keras.ops.convert_to_numpy(keras.ops.cast(outputs, "float32"))
    if not np.isfinite(outputs).all():
        raise ValueError(
            f"The outputs of layer {layer.name!r} must be finite: scale the inputs, or initialize "
            "in float32. Received: NaN or infinity"
        )
    outputs = np.moveaxis(outputs, channel_axis(layer, outputs.ndim), -1)
    moments = StreamedMoments()
    for sample in outputs:
        moments.add(sample.reshape(-1, outputs.shape[-1]))
    return moments


def deviation(moments: StreamedMoments) -> float:
    """Returns the standard deviation over all channels together."""
    return float(np.sqrt(moments.variance.mean() + moments.mean.var()))


def vary(moments: StreamedMoments) -> np.ndarray:
    """Returns which channels are not constant but for rounding."""
    return moments.variance > 1e-8 * (moments.variance + moments.mean**2)


def _why_skipped(layer: keras.layers.Layer) -> str:
    if not has_one_kernel(layer):
        wrapped = isinstance(layer, keras.layers.Wrapper)
        return "it wraps another layer" if wrapped else "it has not one kernel"
    if not layer.trainable:
        return "it is frozen"
    return "" if np.any(keras.ops.convert_to_numpy(layer.kernel)) else "its kernel is zero"


@contextlib.contextmanager
def _initializing(layer, kernel, initialize, done) -> Iterator[None]:
    """Makes a layer's first call initialize it."""

    def call(inputs, *args, **kwargs):
        if id(layer) not in done:
            done[id(layer)] = initialize(layer, kernel, inputs)
        return type(layer).call(layer, inputs, *args, **kwargs)

    vars(layer)["call"] = call
    try:
        yield
    finally:
        del vars(layer)["call"]
