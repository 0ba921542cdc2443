"""A hash of what a model computes."""

import hashlib
import re

import keras
import numpy as np

from kerasrecipes.models.all_layers import all_layers


def model_digest(model: keras.Model) -> str:
    """Returns a SHA-256 of a model's layers and weights.

    Names do not count, which Keras numbers through, nor whether layers are trainable.
    """
    layers = [model, *model.layers, *all_layers(model)]
    numbers = {name: f"#{n}" for n, name in enumerate(dict.fromkeys(x.name for x in layers))}
    config = re.sub(r'"trainable": (true|false)', '"trainable"', model.to_json())
    config = re.sub(r'"([^"]*)"', lambda quoted: numbers.get(quoted[1], quoted[1]), config)
    content = hashlib.sha256(config.encode())
    for weight in model.weights:
        array = np.ascontiguousarray(keras.ops.convert_to_numpy(weight))
        content.update(array.view(np.uint8).data if array.ndim else array.tobytes())
    return content.hexdigest()
