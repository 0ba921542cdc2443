"""Catalogue of backbones: networks from raw pixels to their last feature map, by name."""

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

import keras

from kerasrecipes.base.checks import nearest
from kerasrecipes.models.backbones.applications import (
    application_builders,
    build_application,
    check_application_options,
    scale_pixels,
)
from kerasrecipes.models.backbones.hub import is_hub_backbone, load_hub_backbone
from kerasrecipes.models.backbones.trained_network import (
    find_trained_network,
    load_trained_network,
    shipped_networks,
)
from kerasrecipes.models.backbones.weight_files import load_weight_file
from kerasrecipes.models.surgery.graph import Graph, inner_network

PRETRAINED = "pretrained"


def backbone_names() -> list[str]:
    """Returns the names of all backbones: those of this package, then `keras.applications`."""
    return [*shipped_networks(), *sorted(application_builders())]


def build_backbone(
    backbone: str,
    input_shape: Sequence[int | None],
    options: Mapping[str, object],
    weights: str | None,
) -> keras.Model:
    """Returns a network from raw pixels to its last feature map.

    Its layers are copies without regularizers, which belonged to the earlier training, and without
    dropout, so that the features of a frozen network depend on the image alone.

    Args:
        backbone: As in `Pretrained`.
        input_shape: `(height, width, channels)` of the images. A single channel is repeated if the
            network takes three.
        options: As `backbone_options` in `Pretrained`.
        weights: As in `Pretrained`.

    Raises:
        ValueError: If there is no such backbone, or images or weights do not fit it.
    """
    if backbone in application_builders():
        check_application_options(backbone, options)
        shape = (*input_shape[:2], 3)
        imagenet = "imagenet" if weights == PRETRAINED else None
        network = build_application(backbone, shape, options, imagenet)
        if weights not in (PRETRAINED, None):
            load_weight_file(network, weights)
        return _on_pixels(network, input_shape, lambda pixels: scale_pixels(backbone, pixels))
    if is_hub_backbone(backbone):
        network, scaling = load_hub_backbone(backbone, options, weights)
        return _on_pixels(network, input_shape, scaling or (lambda pixels: pixels))
    model = load_trained_network(_trained(backbone, options, weights), weights == PRETRAINED)
    network = inner_network(model)
    before = [] if network is model else model.layers[1:-1]
    graph = Graph.of(network)
    features = keras.Model(network.inputs[0], graph.output(graph.feature_map), name=network.name)
    try:
        return _on_pixels(features, input_shape, lambda pixels: _repeated(before, pixels))
    except ValueError as error:
        raise ValueError(
            f"Images of {input_shape[0]} x {input_shape[1]} pixels do not fit {backbone!r}, which "
            f"was trained on {model.input_shape[1:]}: {error}"
        ) from error


def _trained(backbone: str, options: Mapping[str, object], weights: str | None) -> Path:
    """Returns the file of a trained run, or raises a `ValueError` if the options do not fit it."""
    try:
        path = find_trained_network(backbone)
    except ValueError as error:
        raise ValueError(
            f"`backbone` must be one of {', '.join(backbone_names())}, the folder of a finished "
            f"run, a .keras file, or hub:PRESET.{nearest(backbone, backbone_names())} "
            f"Received: backbone={backbone!r}"
        ) from error
    if options:
        raise ValueError(
            "`backbone_options` must be left out for a trained run: only the networks of "
            f"keras.applications have options. Received: backbone={backbone!r}, "
            f"backbone_options={dict(options)!r}"
        )
    if weights not in (PRETRAINED, None):
        raise ValueError(
            f"`weights` must be {PRETRAINED!r} or None for a trained run. "
            f"Received: backbone={backbone!r}, weights={weights!r}"
        )
    return path


def _on_pixels(
    network: keras.Model,
    input_shape: Sequence[int | None],
    preprocess: Callable[[keras.KerasTensor], keras.KerasTensor],
) -> keras.Model:
    """Returns a copy of a network and its weights, with its preprocessing inside."""
    images = keras.Input(tuple(input_shape), name="images")
    preprocessed = preprocess(_with_channels(images, network.input_shape[-1]))

    def call(layer, *arguments, **options):
        given = [preprocessed if argument is images else argument for argument in arguments]
        return layer(*given, **options)

    copy = keras.models.clone_model(
        network, input_tensors=images, clone_function=_clone, call_function=call
    )
    for layer in network.layers:
        if layer.weights:
            _set_weights(copy.get_layer(layer.name), layer)
    return copy


def _with_channels(images: keras.KerasTensor, channels: int) -> keras.KerasTensor:
    """Returns images with a number of channels; a single one is repeated."""
    if images.shape[-1] == channels:
        return images
    if images.shape[-1] != 1:
        raise ValueError(
            f"Images must have {channels} channels, or a single one, which is repeated. "
            f"Received: images of shape {tuple(images.shape[1:])}"
        )
    return keras.layers.Concatenate(name="repeated")([images] * channels)


def _repeated(layers: list[keras.layers.Layer], pixels: keras.KerasTensor) -> keras.KerasTensor:
    """Applies copies of adapted preprocessing layers to pixels."""
    for layer in layers:
        copy = type(layer).from_config(layer.get_config())
        pixels = copy(pixels)
        _set_weights(copy, layer)
        copy.trainable = False
    return pixels


def _clone(layer: keras.layers.Layer) -> keras.layers.Layer:
    """Returns a new layer like a trained one, without regularizers and dropout."""
    config = layer.get_config()
    for option in config:
        if option.endswith("_regularizer"):
            config[option] = None
    if "rate" in config:  # All layers with a rate are a form of dropout.
        config["rate"] = 0.0
    # The copy has the current precision policy, not the one that the network was trained in.
    config.pop("dtype", None)
    return type(layer).from_config(config)


def _set_weights(layer: keras.layers.Layer, trained: keras.layers.Layer) -> None:
    layer.set_weights(trained.get_weights())
    if isinstance(layer, keras.layers.Normalization):
        layer.finalize_state()  # It derives the constants of its computation from the weights.
