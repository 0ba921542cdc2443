"""Temperature inside a model: logits divided by a number."""

import keras

from kerasrecipes.base.checks import check_number
from kerasrecipes.models.surgery.output_form import gives_probabilities


def with_temperature(model: keras.Model, temperature: float) -> keras.Model:
    """Returns a model whose logits are those of another one, divided by a number.

    No image changes its class; its probabilities change. The layer is one of Keras's own.

    Args:
        model: A functional or sequential model with one input and one output, which returns logits.
        temperature: Positive float, such as `fit_temperature(...).value`. Above 1, probabilities
            become less sure.

    Returns:
        A `keras.Model` with the same input and output, which is not compiled and shares the
        weights.

    Raises:
        ValueError: If the temperature is not positive, or the model returns probabilities.

    Example:

    >>> model = keras.Sequential([keras.Input((4,)), keras.layers.Dense(3)])
    >>> images = np.ones((5, 4), "float32")
    >>> scaled = with_temperature(model, 2.0)(images)
    >>> bool(ops.all(ops.abs(2 * scaled - model(images)) < 1e-6))
    True

    Reference:
        Guo et al., 2017, https://arxiv.org/abs/1706.04599, section 4.2.
    """
    check_number("temperature", temperature, above=0)
    if gives_probabilities(model):
        raise ValueError(
            "A temperature divides logits: `model` must not end in a softmax or a sigmoid. "
            f"Received: {model.name!r}"
        )
    inputs = model.inputs[0]
    # A loaded model may return a list of one output.
    (logits,) = keras.tree.flatten(model(inputs))
    scaled = keras.layers.Rescaling(1 / temperature, dtype="float32", name="temperature")(logits)
    return keras.Model(inputs, scaled, name=model.name)
