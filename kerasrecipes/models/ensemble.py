"""Ensemble of trained models."""

from collections.abc import Sequence

import keras

from kerasrecipes.base.checks import check_integer
from kerasrecipes.models.backbones.trained_network import (
    find_trained_network,
    load_trained_network,
)
from kerasrecipes.models.surgery.probability_averaging import averaged_probabilities


def Ensemble(
    input_shape: Sequence[int],
    classes: int,
    *,
    members: Sequence[str],
    weights: Sequence[float] | None = None,
    name: str = "ensemble",
) -> keras.Model:
    """Mean probabilities of trained models, as one frozen model.

    The model contains its members: its file needs them no more. Nothing in it is trained. It is
    what `kerasrecipes.ensembles.combine` writes into a recipe; see there for how to choose members
    and weights.

    **Pixels.** The members take images as the data source gives them, with the preprocessing
    inside. A recipe must therefore give `preprocessing=[]`.

    Args:
        input_shape: `(height, width, channels)`, that of the members.
        classes: Integer, at least 2. Number of logits, that of the members.
        members: The folders of finished runs, or `.keras` files.
        weights: Non-negative numbers, one for each member. Defaults to `None`: all are equal.
        name: Name of the model.

    Returns:
        A functional `keras.Model` from images, `(batch, *input_shape)`, to logits,
        `(batch, classes)`: the logarithms of the mean probabilities.

    Raises:
        ValueError: If there are no members, one is not there, or one has other inputs or outputs.

    Reference:
        Hansen and Salamon, 1990, https://doi.org/10.1109/34.58871
    """
    check_integer("classes", classes, at_least=2)
    if not members or isinstance(members, str):
        raise ValueError(
            f"`members` must be run folders or .keras files. Received: members={members!r}"
        )
    models = [load_trained_network(find_trained_network(path), True) for path in members]
    expected = (None, *input_shape), (None, classes)
    for path, model in zip(members, models, strict=True):
        if (model.input_shape, model.output_shape) != expected:
            raise ValueError(
                f"A member must take images of shape {expected[0]} and return logits of shape "
                f"{expected[1]}. Received: {path!r}, from {model.input_shape} to "
                f"{model.output_shape}"
            )
    averaged = averaged_probabilities(models, weights)
    network = keras.Model(averaged.inputs[0], averaged.outputs[0], name=name)
    network.trainable = False
    return network


Ensemble.takes_raw_pixels = True  # type: ignore[attr-defined]
