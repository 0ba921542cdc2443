"""Initialization of the layers of a model one after another, from a batch of inputs."""

import contextlib
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass

import keras
import numpy as np

from kerasrecipes.layers.normalization.kernel_axes import channel_axis, has_one_kernel
from kerasrecipes.layers.preprocessing.streamed_moments import StreamedMoments
from kerasrecipes.models.surgery.graph import all_layers


@dataclass(frozen=True)
class InitializedLayer:
    """A report on the initialization of one layer with weights.

    Args:
        name: The name of the layer.
        skipped: The reason why the layer was not changed; empty if it was.
        before: The standard deviation of the layer's outputs before its activation, over samples,
            positions and channels, before the initialization; `None` if it was not measured.
        after: The same standard deviation after the initialization.
    """

    name: str
    skipped: str = ""
    before: float | None = None
    after: float | None = None


# A function that initializes a layer, given the layer, its kernel in float64, and its inputs.
Initialize = Callable[[keras.layers.Layer, np.ndarray, object], InitializedLayer]


def initialize_layer_by_layer(
    model: keras.Model, batch, initialize: Initialize
) -> tuple[InitializedLayer, ...]:
    """Passes a batch through a model, and initializes each layer with a kernel when it is called.

    The pass is in inference mode. Each layer receives the outputs of the layers before it after
    their initialization. A layer that is called several times is initialized by its first call. The
    layers of models inside the model are initialized too. A layer is skipped if

    - it is frozen;
    - it has no kernel or several;
    - another layer computes its kernel, as `WeightNormalization` does;
    - its kernel is zero, as it is on purpose at the end of a residual branch;
    - the model does not call it.

    Args:
        model: A built model.
        batch: A batch of inputs of the model, or batches as `fit` takes them, of which the inputs
            of the first are used.
        initialize: Changes the weights of a layer and returns a report.

    Returns:
        The report on each layer with weights, in the order of the model's layers.
    """
    done: dict[int, InitializedLayer] = {}
    layers = {id(layer): layer for layer in all_layers(model) if layer.weights}
    with contextlib.ExitStack() as stack:
        for key, layer in layers.items():
            if reason := _why_skipped(layer):
                done[key] = InitializedLayer(layer.name, reason)
                continue
            # It is read here, because a variable inside a call has the compute dtype.
            kernel = keras.ops.convert_to_numpy(layer.kernel).astype("float64")
            stack.enter_context(_initializing(layer, kernel, initialize, done))
        model(_first_inputs(batch), training=False)
    unreached = "the model does not call it"
    return tuple(
        done.get(key) or InitializedLayer(layer.name, unreached) for key, layer in layers.items()
    )


def _first_inputs(batch):
    """Returns a batch of inputs, or those of the first batch of a data set."""
    is_array = hasattr(batch, "shape")
    if is_array or isinstance(batch, list | tuple | Mapping):
        return batch
    first = batch[0] if isinstance(batch, keras.utils.PyDataset) else next(iter(batch), None)
    if first is None:
        raise ValueError("`batch` must be a batch, or yield one. Received: a data set of none")
    return first[0] if isinstance(first, tuple | list) else first


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
            f"The outputs of layer {layer.name!r} must be finite. Scale the inputs, or initialize "
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
    """Returns whether each channel varies by more than rounding errors."""
    return moments.variance > 1e-8 * (moments.variance + moments.mean**2)


def _why_skipped(layer: keras.layers.Layer) -> str:
    """Returns the reason to skip a layer, or an empty string."""
    if not has_one_kernel(layer):
        wrapped = isinstance(layer, keras.layers.Wrapper)
        return "it wraps another layer" if wrapped else "it does not have exactly one kernel"
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
