"""Cut of a model into a frozen part, which training does not change, and a part that is trained."""

from dataclasses import dataclass

import keras

from kerasrecipes.models.surgery.graph import Graph, inner_network


@dataclass(frozen=True)
class FrozenPart:
    """The two parts of a model that is cut where its frozen part ends.

    Args:
        backbone: Model from raw pixels to features. Nothing in it is trained or random, so that
            the features of an image never change.
        head: Model from features to logits. It consists of layers of the whole model, so that
            training it trains the whole model.
    """

    backbone: keras.Model
    head: keras.Model

    @classmethod
    def of(cls, model: keras.Model) -> "FrozenPart | None":
        """Returns the parts of a model, or `None` if it has no frozen part.

        The cut is as late as possible: after the last layer that every path through the network
        passes and before which nothing is trained or random. A part without weights does not
        count, because computing it once would save nothing.
        """
        network = inner_network(model)
        before = [] if network is model else model.layers[:-1]
        if not hasattr(network, "operations") or not all(map(_is_frozen, before)):
            return None
        graph = Graph.of(network)
        frozen = 0
        while frozen < len(graph.layers) and _is_frozen(graph.layers[frozen]):
            frozen += 1
        passages = [p for p in range(frozen) if graph.is_cut_point(p)]
        if not passages or frozen == len(graph.layers):
            return None
        cut = graph.layers[passages[-1]]
        kept = graph.layers[: passages[-1] + 1]
        if not any(getattr(layer, "weights", None) for layer in kept):
            return None
        head = keras.Model(cut.output, network.output, name="head")
        return cls(features_model(model, cut.name), head)


def features_model(model: keras.Model, *layers: str) -> keras.Model:
    """Returns a model from raw pixels to the outputs of layers of the network in `model`."""
    network = inner_network(model)
    graph = Graph.of(network)
    outputs = [graph.output(layer) for layer in layers]
    features = keras.Model(network.inputs[0], outputs if len(outputs) > 1 else outputs[0])
    if network is model:
        return features
    return keras.Model(model.inputs[0], features(model.layers[-2].output))


def _is_frozen(layer) -> bool:
    """Returns whether a layer gives the same output in training as in inference, at every step."""
    if not isinstance(layer, keras.layers.Layer):
        return True  # An operation, such as `keras.ops.flip`.
    normalizes = isinstance(layer, keras.layers.BatchNormalization) and layer.trainable
    draws = any("seed_generator" in variable.path for variable in layer.variables)
    random = draws and getattr(layer, "rate", None) != 0
    penalized = getattr(layer, "activity_regularizer", None) is not None
    return not (layer.trainable_variables or normalizes or random or penalized)
