"""All layers of a model, whatever holds them."""

import keras


def layers_within(model) -> list:
    """Returns a model and all layers inside of it, each once."""
    found: dict[int, keras.layers.Layer] = {}
    waiting = [model]
    while waiting:
        part = waiting.pop()
        if isinstance(part, dict):
            waiting += part.values()
        elif isinstance(part, list | tuple):
            waiting += part
        elif isinstance(part, keras.layers.Layer) and id(part) not in found:
            found[id(part)] = part
            waiting += [getattr(part, "layers", None), *vars(part).values()]
    return [*found.values()]
