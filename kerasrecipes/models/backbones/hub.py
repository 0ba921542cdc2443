"""Image backbones of KerasHub, by the name of a preset or a local folder of one."""

from collections.abc import Mapping

import keras

# Before the name of a preset, which a folder could have too.
PREFIX = "hub:"


def is_hub_backbone(backbone: str) -> bool:
    """Returns whether a name is that of one of KerasHub's presets, such as `"hub:resnet_50"`."""
    return backbone.startswith(PREFIX)


def load_hub_backbone(
    backbone: str, options: Mapping[str, object], weights: str | None
) -> tuple[keras.Model, keras.layers.Layer | None]:
    """Returns a backbone of KerasHub, and the scaling of pixels that it was trained on.

    Args:
        backbone: `"hub:"` and the name of a preset, or the path of a folder that
            `save_to_preset` wrote. Presets that are not there are downloaded by KerasHub.
        options: As `backbone_options` in `Pretrained`: there are none.
        weights: `"pretrained"`, or `None` for random ones.

    Returns:
        A functional network from scaled pixels to its last feature map; and a layer that scales
        pixels in [0, 255], `None` if they stay as they are.

    Raises:
        ImportError: If KerasHub is not installed.
        ValueError: If there is no such preset, it is no network of images, or it has no feature
            map at its end.
    """
    preset = backbone.removeprefix(PREFIX)
    if options or weights not in ("pretrained", None):
        raise ValueError(
            "`weights` must be 'pretrained' or None for a preset of KerasHub, and "
            f"`backbone_options` must be left out. Received: backbone={backbone!r}, "
            f"weights={weights!r}, backbone_options={dict(options)!r}"
        )
    hub = _keras_hub()
    try:
        network = hub.models.Backbone.from_preset(preset, load_weights=weights is not None)
    except (ValueError, FileNotFoundError) as error:
        raise ValueError(
            f"Expected {PREFIX} and the name of a preset, as in "
            f"https://keras.io/keras_hub/presets, or the folder of one. Received: {backbone!r}. "
            f"KerasHub says: {str(error).partition(chr(10))[0]}"
        ) from error
    _check_images(network, backbone)
    return keras.Model(network.input, network.output, name=network.name), _scaling(hub, preset)


def _keras_hub():
    try:
        import keras_hub
    except ImportError as error:
        raise ImportError(
            f"A backbone {PREFIX}PRESET needs KerasHub: pip install 'kerasrecipes[hub]'. {error}"
        ) from error
    return keras_hub


def _check_images(network: keras.Model, backbone: str) -> None:
    """Raises a `ValueError` unless a network goes from an image to a feature map."""
    inputs, outputs = (network.inputs, network.outputs)
    if len(inputs) != 1 or len(inputs[0].shape) != 4:
        kinds = ", ".join(f"{tensor.name} {tuple(tensor.shape)}" for tensor in inputs)
        raise ValueError(
            "`backbone` must be a network of images, with one input (batch, height, width, "
            f"channels). Received: {backbone!r}, with {kinds}"
        )
    if len(outputs) != 1 or len(outputs[0].shape) != 4:
        shapes = ", ".join(str(tuple(tensor.shape)) for tensor in outputs)
        raise ValueError(
            "`backbone` must be convolutional, with an output (batch, height, width, channels). "
            f"Received: {backbone!r}, with {shapes}"
        )


def _scaling(hub, preset: str) -> keras.layers.Layer | None:
    """Returns the layer that scales pixels as a preset's own preprocessing does."""
    try:
        converter = hub.layers.ImageConverter.from_preset(preset)
    except (ValueError, FileNotFoundError):
        return None  # It has no preprocessing.
    if converter.scale is None and converter.offset is None:
        return None
    scale = 1.0 if converter.scale is None else converter.scale
    offset = 0.0 if converter.offset is None else converter.offset
    return keras.layers.Rescaling(scale, offset, name="scaled")
