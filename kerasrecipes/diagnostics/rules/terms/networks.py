"""What rules ask about the layers of a network."""

from collections.abc import Iterator

from kerasrecipes.diagnostics.record.model_facts import Layer, Model

# Layers that standardize what they are given, or bring it into a range.
NORMALIZING = (
    "BatchNormalization",
    "LayerNormalization",
    "GroupNormalization",
    "UnitNormalization",
    "RMSNormalization",
    "Normalization",
    "Rescaling",
)

# Layers of weighted sums, between which a nonlinearity is wanted.
SUMS = ("Dense", "Conv1D", "Conv2D", "Conv3D", "Conv1DTranspose", "Conv2DTranspose")

RECURRENT = ("LSTM", "GRU", "SimpleRNN", "Bidirectional", "ConvLSTM2D", "RNN")

# Layers that leave the scale of what they are given as it is.
THROUGH = (
    "InputLayer",
    "Flatten",
    "Reshape",
    "Permute",
    "Dropout",
    "SpatialDropout1D",
    "SpatialDropout2D",
    "GaussianNoise",
    "ZeroPadding1D",
    "ZeroPadding2D",
    "Masking",
    "Identity",
    "MaxPooling1D",
    "MaxPooling2D",
    "MaxPooling3D",
    "AveragePooling1D",
    "AveragePooling2D",
    "AveragePooling3D",
    "GlobalAveragePooling1D",
    "GlobalAveragePooling2D",
    "GlobalMaxPooling2D",
    "GlobalMaxPooling1D",
    "RandomFlip",
    "RandomCrop",
    "RandomRotation",
    "RandomTranslation",
    "RandomZoom",
)

# Names of trained networks that users put in front. They have their own preprocessing.
_TRAINED = ("vgg", "resnet", "densenet", "mobilenet", "efficientnet", "inception", "xception")
_TRAINED_TOO = ("nasnet", "convnext", "bert", "clip", "vit_", "backbone")


def is_chain(model: Model) -> bool:
    """Returns whether each layer takes the output of the one before it, and nothing else."""
    if not model.ordered:
        return False
    if model.kind == "Sequential":
        return True
    previous: str | None = None
    for layer in model.layers:
        if layer.kind == "InputLayer":
            if previous is not None:
                return False
        elif layer.inputs != ((previous,) if previous else ()):
            return False
        previous = layer.name
    return True


def hidden_sums(model: Model) -> list[Layer]:
    """Returns the dense and convolutional layers but the last, with the activation that follows.

    An activation layer, or a normalization before it, belongs to the sum in front of it.
    """
    return [layer for layer, _ in sums_with_activations(model)][:-1]


def sums_with_activations(model: Model) -> list[tuple[Layer, str | None]]:
    """Returns each dense or convolutional layer with what makes it nonlinear.

    That is the name of the activation in it or after it, before the next layer with weights; the
    class of another layer that is nonlinear or not known; `None` if there is nothing.
    """
    found: list[tuple[Layer, str | None]] = []
    for layer in model.layers:
        if layer.kind in SUMS:
            found.append((layer, _nonlinear(layer)))
        elif found and found[-1][1] is None:
            if layer.activation not in (None, "linear"):
                found[-1] = found[-1][0], layer.activation
            elif layer.kind not in THROUGH and layer.kind not in NORMALIZING:
                found[-1] = found[-1][0], layer.kind
    return found


def after_input(model: Model, index: int, inputs: int) -> Iterator[Layer]:
    """Yields the layers that an input passes until the first one that mixes or changes it.

    Args:
        model: The model.
        index: The number of the input.
        inputs: The number of inputs.
    """
    names = [layer.name for layer in model.layers if layer.kind == "InputLayer"]
    if not names:
        if inputs == 1:
            yield from _first_of_chain(model)
        return
    if index >= len(names):
        return
    reached = {names[index]}
    for layer in model.layers:
        if reached & {*layer.inputs}:
            yield layer
            if layer.kind in THROUGH:
                reached.add(layer.name)


def _first_of_chain(model: Model) -> Iterator[Layer]:
    for layer in model.layers:
        yield layer
        if layer.kind not in THROUGH:
            return


def is_trained(layer: Layer) -> bool:
    """Returns whether a layer seems to be one of a trained network."""
    within = [part.lower() for part in layer.name.split("/")[:-1]]
    names = (*_TRAINED, *_TRAINED_TOO)
    return not layer.trainable or any(name in part for part in within for name in names)


def normalizes(model: Model) -> bool:
    """Returns whether a model standardizes what its layers compute."""
    return any("Normalization" in layer.kind for layer in model.layers)


def _nonlinear(layer: Layer) -> str | None:
    return None if layer.activation in (None, "linear") else layer.activation
