"""Export of a run's model, for use with TensorFlow, ONNX Runtime or Keras alone."""

import contextlib
import shutil
import tempfile
import warnings
from collections.abc import Iterator
from pathlib import Path

import keras
import numpy as np

from kerasrecipes.base.checks import check_choice
from kerasrecipes.base.files import replacing
from kerasrecipes.models.surgery.output_form import gives_probabilities
from kerasrecipes.models.surgery.temperature_scaling import with_temperature
from kerasrecipes.runs.calibrating import temperature_of
from kerasrecipes.runs.exports.export_checks import (
    FORMATS,
    SUFFIXES,
    check_keras_alone,
    check_output,
    converters,
)
from kerasrecipes.runs.exports.exported_metadata import metadata_of, write_metadata
from kerasrecipes.runs.exports.exported_predictions import (
    HALF_PRECISION_TOLERANCE,
    TOLERANCE,
    check_exported,
    images_of,
    predictions,
    probabilities_of,
    refusal,
)
from kerasrecipes.runs.exports.onnx_by_torch import write_onnx, write_onnx_apart
from kerasrecipes.training.run import Run


def default_output(run: Run, format: str) -> Path:
    """Returns the default path of a run's export, which is in the current directory."""
    return Path(run.folder.resolve().name + SUFFIXES[format])


def export(
    run: Run,
    format: str,
    output: str | Path,
    probabilities: bool = False,
    temperature: float | str | None = None,
) -> Path:
    """Writes the model of a finished run in another format.

    What was written is loaded again and compared with the model's `predict` on images of the run's
    validation split; if its data is not at hand, on images that the run kept, or on noise. If it
    differs by more than rounding, nothing is left.

    The exported model takes float32 pixels of shape `(batch, height, width, channels)`, in the
    run's value range and in batches of any size, and returns logits `(batch, classes)`. Class
    names, value range, order of the channels and resize policy are in the file, where
    `read_metadata` finds them. An ONNX model computes in float32, whatever the precision of the
    run. What TensorFlow's or JAX's converter to ONNX gets wrong is converted by PyTorch, where that
    is installed, in a process of its own.

    Args:
        run: A finished run.
        format: `"savedmodel"`, `"onnx"` or `"keras"`.
        output: The file or folder to write. It must not exist yet.
        probabilities: Whether the exported model returns probabilities: a softmax of the logits,
            or a sigmoid if there is one of them only. Defaults to `False`.
        temperature: Positive number that the logits are divided by, or `"fitted"` for that of
            `temperature_of`. Defaults to `None`: they stay as they are.

    Returns:
        The path of the file or folder.

    Raises:
        ImportError: If the format needs a package that is not installed.
        ValueError: If the output exists already or has another format's suffix, if the format
            cannot hold the model, if a temperature is asked for that cannot be fitted, or if what
            was written does not predict what the model does.
    """
    check_choice("format", format, FORMATS)
    output = Path(output)
    check_output(output, format)
    backends = converters(format)
    model = run.load_model(compile=False)
    if format == "keras":
        check_keras_alone(run.folder / "model.keras")
    half = run.recipe.precision != "float32"
    if format == "onnx" and half:
        model, half = _in_float32(model), False
    compared = images_of(run)
    expected = predictions(model, compared.images)
    ends_in_softmax = gives_probabilities(model)
    activated = probabilities and not ends_in_softmax
    divisor = _divisor(run, temperature)
    if divisor is not None:
        model, expected = with_temperature(model, divisor), expected / divisor
    if activated:
        model, expected = _activated(model), probabilities_of(expected)
    as_trained = not activated and divisor is None
    given = "probabilities" if probabilities or ends_in_softmax else "logits"
    metadata = metadata_of(run, given, compared.description, divisor)
    tolerance = HALF_PRECISION_TOLERANCE if half else TOLERANCE

    def written_by(backend: str) -> Path:
        with _placed(output, format) as temporary:
            if format == "keras" and as_trained:
                shutil.copyfile(run.folder / "model.keras", temporary)
            else:
                _convert(model, temporary, format, backend)
            write_metadata(temporary, format, metadata)
            check_exported(temporary, format, compared, expected, tolerance)
        return output

    for backend in backends[:-1]:
        with contextlib.suppress(ValueError):
            return written_by(backend)
    return written_by(backends[-1])


def _divisor(run: Run, temperature: float | str | None) -> float | None:
    """Returns the temperature that was asked for, as a number."""
    if not isinstance(temperature, str):
        return temperature
    check_choice("temperature", temperature, ("fitted",))
    run.check_chooses("A temperature")
    fitted = temperature_of(run.predictions)
    if fitted is None:
        raise ValueError(
            "A temperature is fitted to mistakes on validation, of which the run has none stored: "
            f"give it as a number. Received: temperature='fitted' for {run.folder}"
        )
    return fitted.value


@contextlib.contextmanager
def _placed(output: Path, format: str) -> Iterator[Path]:
    """Yields a temporary path, and renames what was written there to `output` on success."""
    if format != "savedmodel":
        with replacing(output) as temporary:
            yield temporary
        return
    with tempfile.TemporaryDirectory(dir=output.parent, prefix=".") as folder:
        yield Path(folder, "model")
        Path(folder, "model").rename(output)


def _convert(model: keras.Model, path: Path, format: str, backend: str) -> None:
    if format == "keras":
        model.save(path)
        return
    inference = _inference_graph(model)
    # Keras exports a model to ONNX only if it has been called.
    inference(np.zeros((1, *inference.input_shape[1:]), "float32"))
    try:
        with warnings.catch_warnings():
            # The converters warn about their own code.
            warnings.simplefilter("ignore")
            if format == "savedmodel":
                inference.export(path, format="tf_saved_model", verbose=False)
            elif backend != keras.backend.backend():
                write_onnx_apart(inference, path)
            elif backend == "torch":
                write_onnx(inference, path)
            else:
                inference.export(path, format="onnx", verbose=False)
    except Exception as error:  # The converters' errors share no class.
        raise ValueError(refusal(format, error)) from error


def _activated(model: keras.Model) -> keras.Model:
    """Returns a model that gives probabilities in float32 where another one gives logits."""
    inputs = model.inputs[0]
    (logits,) = keras.tree.flatten(model(inputs))
    name = "sigmoid" if logits.shape[-1] == 1 else "softmax"
    activation = keras.layers.Activation(name, dtype="float32", name="probabilities")
    return keras.Model(inputs, activation(logits))


def _inference_graph(model: keras.Model) -> keras.Model:
    """Returns a model of one tensor that calls another one in inference mode, whatever its own.

    Keras exports a model in no mode. Layers whose `training` is true by default, as Keras's layers
    that augment, would go on being random.
    """
    given = model.inputs[0]
    inputs = keras.Input(given.shape[1:], dtype=given.dtype, name=given.name)
    # A loaded model has lists of one input and one output.
    (outputs,) = keras.tree.flatten(model(inputs, training=False))
    return keras.Model(inputs, outputs)


def _in_float32(model: keras.Model) -> keras.Model:
    """Returns a copy that computes in float32: ONNX Runtime has no bfloat16 convolutions."""

    def clone(layer: keras.layers.Layer) -> keras.layers.Layer:
        return type(layer).from_config({**layer.get_config(), "dtype": "float32"})

    copy = keras.models.clone_model(model, clone_function=clone, recursive=True)
    copy.set_weights(model.get_weights())
    return copy
