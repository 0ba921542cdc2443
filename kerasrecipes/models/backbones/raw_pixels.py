"""Whether a network that preprocesses pixels itself gets pixels."""

import keras
import numpy as np

# Resizing may round white to 254.99.
_TOLERANCE = 0.5


def check_raw_pixels(model: keras.Model, name: str) -> None:
    """Raises if the layers before the network of an assembled model change the range of pixels.

    Black must stay 0 and white 255: layers that resize or crop pass, those that scale do not.

    Args:
        model: A model that `assemble` made.
        name: What the network's builder is called.

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
    if max(abs(black.max()), abs(black.min()), abs(white.max() - 255)) > _TOLERANCE:
        listed = ", ".join(type(layer).__name__ for layer in layers)
        raise ValueError(
            f"`preprocessing` must leave pixels in [0, 255]: {name} preprocesses them itself, as "
            "its backbone was trained, and they would be scaled twice. Write `preprocessing=[]` "
            f"(a recipe scales to [0, 1] unless told otherwise). Received: {listed}, which "
            f"{'gives' if len(layers) == 1 else 'give'} {white.max():.4g} for 255"
        )
