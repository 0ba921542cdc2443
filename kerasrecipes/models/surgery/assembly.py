"""Assembly of the model that a run trains: from raw pixels to logits."""

from collections.abc import Callable, Sequence

import keras
import numpy as np

from kerasrecipes.data.batches import evaluation_batches
from kerasrecipes.data.split import Split
from kerasrecipes.layers.preprocessing.adaptable_layer import AdaptableLayer

# The number of images in a batch that layers adapt to.
BATCH_SIZE = 256
# By how much preprocessing may change the value of a pixel: resizing may round white to 254.99.
PIXEL_TOLERANCE = 0.5


def assemble(
    image_shape: tuple[int, int, int],
    preprocessing: Sequence[keras.layers.Layer],
    build_network: Callable[[tuple], keras.Model],
    train: Split | None = None,
) -> keras.Model:
    """Returns a model with preprocessing inside, which takes images as the data source gives them.

    Args:
        image_shape: `(height, width, channels)` of the raw images.
        preprocessing: Layers in order. A layer that can `adapt`, and whose statistics are not given
            as arguments, adapts to the outputs of the layers before it for `train`.
        build_network: Called with the shape of the preprocessed images; returns the network.
        train: The training split, or `None` if no layer must adapt.

    Returns:
        A functional model. Its last layer is the network, which `network_of` returns.

    Raises:
        ValueError: If a layer must adapt and `train` is `None`.
        TypeError: If `build_network` does not return a `keras.Model`.
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


def check_raw_pixels(model: keras.Model, name: str) -> None:
    """Raises if preprocessing changes the range of pixels before a network that scales them itself.

    Black must stay 0 and white 255. Layers that resize or crop satisfy this; layers that scale do
    not.

    Args:
        model: A model that `assemble` made.
        name: The name of the network's builder.

    Raises:
        ValueError: If pixels do not stay in [0, 255].
    """
    layers = model.layers[1:-1]
    if not layers:
        return
    shape = [side or 32 for side in model.input_shape[1:]]
    before = keras.Model(model.inputs[0], layers[-1].output)
    black, white = (
        keras.ops.convert_to_numpy(before(np.full((1, *shape), value, "float32"), training=False))
        for value in (0, 255)
    )
    if max(abs(black.max()), abs(black.min()), abs(white.max() - 255)) > PIXEL_TOLERANCE:
        names = ", ".join(type(layer).__name__ for layer in layers)
        raise ValueError(
            f"`preprocessing` must leave pixels in [0, 255], because {name} contains the "
            "preprocessing that its backbone was trained with: they would be scaled twice. Write "
            "`preprocessing=[]`; without it, a recipe scales pixels to [0, 1]. Received: "
            f"{names}, which {'turns' if len(layers) == 1 else 'turn'} 255 into {white.max():.4g}"
        )


def _must_adapt(layer: keras.layers.Layer) -> bool:
    return hasattr(layer, "adapt") and getattr(layer, "input_mean", None) is None


def _adapt(layer: keras.layers.Layer, before: keras.Model, train: Split | None) -> None:
    if train is None:
        raise ValueError(f"{type(layer).__name__} must adapt to a training split. Received: None")
    if isinstance(layer, AdaptableLayer):
        # It adapts batch by batch, so that a split of any size fits into memory.
        order = np.array_split(np.arange(len(train)), -(-len(train) // BATCH_SIZE))
        layer.adapt(before.predict_on_batch(train.read(indices)) for indices in order)
    else:
        batches = evaluation_batches(train, BATCH_SIZE)
        layer.adapt(before.predict(batches, verbose=0))
