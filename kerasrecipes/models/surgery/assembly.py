"""Raw pixels in, logits out: the model that a run trains and saves."""

from collections.abc import Callable, Sequence

import keras
import numpy as np

from kerasrecipes.data.batches import evaluation_batches
from kerasrecipes.data.split import Split
from kerasrecipes.layers.preprocessing.adaptable_layer import AdaptableLayer

# Images that layers adapt to at a time.
BATCH_SIZE = 256


def assemble(
    image_shape: tuple[int, int, int],
    preprocessing: Sequence[keras.layers.Layer],
    build_network: Callable[[tuple], keras.Model],
    train: Split | None = None,
) -> keras.Model:
    """Returns a model with preprocessing inside: images as the data source gives them go in.

    Args:
        image_shape: `(height, width, channels)` of the raw images.
        preprocessing: Layers in order. Those that can `adapt`, and are not fixed by their
            arguments, adapt to `train` as the layers before them give it.
        build_network: Gets the shape that preprocessing gives and returns the network.
        train: The training split; needed if a layer must adapt.

    Returns:
        A functional model. Its last layer is the network; `network_of` gives it back.
    """
    inputs = x = keras.Input(image_shape, dtype="float32", name="pixels")
    for layer in preprocessing:
        if _must_adapt(layer):
            _adapt(layer, keras.Model(inputs, x), train)
        x = layer(x)
    network = build_network(tuple(x.shape[1:]))
    if not isinstance(network, keras.Model):
        raise TypeError(f"A model's builder must return a keras.Model. Received: {network!r}")
    return keras.Model(inputs, network(x), name=f"{network.name}_from_pixels")


def network_of(model: keras.Model) -> keras.Model:
    """Returns the network inside a model that `assemble` made."""
    return model.layers[-1]


def _must_adapt(layer: keras.layers.Layer) -> bool:
    return hasattr(layer, "adapt") and getattr(layer, "input_mean", None) is None


def _adapt(layer: keras.layers.Layer, before: keras.Model, train: Split | None) -> None:
    if train is None:
        raise ValueError(f"{type(layer).__name__} must adapt to a training split. Received: None")
    if isinstance(layer, AdaptableLayer):
        # Batch by batch, however large the split is.
        order = np.array_split(np.arange(len(train)), -(-len(train) // BATCH_SIZE))
        layer.adapt(before.predict_on_batch(train.read(indices)) for indices in order)
    else:
        batches = evaluation_batches(train, BATCH_SIZE)
        layer.adapt(before.predict(batches, verbose=0))
