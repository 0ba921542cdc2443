"""Export of a run's model, for use with TensorFlow, ONNX Runtime or Keras alone."""

import contextlib
import importlib.util
import json
import shutil
import tempfile
import warnings
import zipfile
from collections.abc import Iterator, Mapping
from pathlib import Path
from types import MappingProxyType

import keras
import numpy as np

from kerasrecipes.base.checks import check_choice
from kerasrecipes.base.files import replacing
from kerasrecipes.runs.exported_predictions import (
    HALF_PRECISION_TOLERANCE,
    TOLERANCE,
    check_exported,
    images_like,
    predictions,
)
from kerasrecipes.training.run import Run

FORMATS: Mapping[str, str] = MappingProxyType(
    {
        "savedmodel": "a folder for TensorFlow and TensorFlow Serving",
        "onnx": "a file for ONNX Runtime and other ONNX tools",
        "keras": "a file that Keras loads without kerasrecipes",
    }
)
_SUFFIXES = {"savedmodel": "", "onnx": ".onnx", "keras": ".keras"}

# With PyTorch, Keras 3.15 exports to SavedModel through torch_xla, and fails.
_SAVEDMODEL_BACKENDS = ("tensorflow", "jax")

# The packages that Keras's export to ONNX imports, by backend, and the one that checks its file.
_ONNX_PACKAGES = {
    "tensorflow": ("tf2onnx", "onnx", "onnxruntime"),
    "torch": ("onnx", "onnxruntime"),
    "jax": ("jax2onnx", "onnx", "onnxruntime"),
}


def default_output(run: Run, format: str) -> Path:
    """Returns the default path of a run's export, which is in the current directory."""
    return Path(run.folder.resolve().name + _SUFFIXES[format])


def export(run: Run, format: str, output: str | Path) -> Path:
    """Writes the model of a finished run in another format.

    What was written is loaded again and compared with the model's `predict` on a few images of
    noise. If it differs by more than rounding, nothing is left.

    The exported model takes float32 pixels of shape `(batch, height, width, channels)`, in the
    run's value range and in batches of any size, and returns logits `(batch, classes)`. An ONNX
    model computes in float32, whatever the precision of the run.

    Args:
        run: A finished run.
        format: One of `FORMATS`.
        output: The file or folder to write. It must not exist yet.

    Returns:
        The path of the file or folder.

    Raises:
        ImportError: If the format needs a package that is not installed.
        ValueError: If the output exists already or has another format's suffix, if the format
            cannot hold the model, or if what was written does not predict what the model does.
    """
    check_choice("format", format, FORMATS)
    output = Path(output)
    _check_output(output, format)
    if format == "keras":
        _check_keras_alone(run.folder / "model.keras")
    else:
        _check_packages(format)
    model = run.load_model(compile=False)
    half = run.recipe.precision != "float32"
    if format == "onnx" and half:
        model, half = _in_float32(model), False
    images = images_like(run.data["image_shape"], run.data["value_range"])
    expected = predictions(model, images)
    with _placed(output, format) as temporary:
        if format == "keras":
            shutil.copyfile(run.folder / "model.keras", temporary)
        else:
            _convert(model, temporary, format)
        tolerance = HALF_PRECISION_TOLERANCE if half else TOLERANCE
        check_exported(temporary, format, images, expected, tolerance)
    return output


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


def _convert(model: keras.Model, path: Path, format: str) -> None:
    inference = _inference_graph(model)
    # Keras exports a model to ONNX only if it has been called.
    inference(np.zeros((1, *inference.input_shape[1:]), "float32"))
    with warnings.catch_warnings():
        # The converters warn about their own code.
        warnings.simplefilter("ignore")
        name = "onnx" if format == "onnx" else "tf_saved_model"
        inference.export(path, format=name, verbose=False)


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


def _check_output(output: Path, format: str) -> None:
    suffix = _SUFFIXES[format]
    if suffix and output.suffix != suffix:
        raise ValueError(f"`output` must end in {suffix!r}. Received: output={str(output)!r}")
    if not output.parent.is_dir():
        raise ValueError(
            f"`output` must be in an existing folder. Received: output={str(output)!r}"
        )
    if output.exists():
        raise ValueError(
            "`output` must not exist yet: remove it, or choose another. "
            f"Received: output={str(output)!r}"
        )


def _check_packages(format: str) -> None:
    backend = keras.backend.backend()
    if format == "savedmodel" and backend not in _SAVEDMODEL_BACKENDS:
        raise ImportError(
            f"Exporting to savedmodel does not work on {backend}: set KERAS_BACKEND to "
            f"{' or '.join(_SAVEDMODEL_BACKENDS)}. The run may have been trained on any backend."
        )
    needed = ("tensorflow",) if format == "savedmodel" else _ONNX_PACKAGES[backend]
    missing = [name for name in needed if importlib.util.find_spec(name) is None]
    if missing:
        raise ImportError(
            f"Exporting to {format} on {backend} needs {' and '.join(missing)}: "
            f"{_fix(format, backend)}."
        )


def _fix(format: str, backend: str) -> str:
    if format == "savedmodel":
        return "`pip install tensorflow`"
    extra = "`pip install 'kerasrecipes[export]'`"
    if backend == "jax":
        return f"{extra} and set KERAS_BACKEND=tensorflow or torch, or `pip install jax2onnx`"
    return extra


def _check_keras_alone(path: Path) -> None:
    """Raises if a .keras file names a class that is not one of Keras's own."""
    with zipfile.ZipFile(path) as file:
        config = json.loads(file.read("config.json"))
    foreign = sorted(set(_foreign_classes(config)))
    if foreign:
        raise ValueError(
            f"The model has layers that Keras alone cannot load: {', '.join(foreign)}. Export it "
            "as savedmodel or onnx, which do not name classes."
        )


def _foreign_classes(config: object) -> Iterator[str]:
    if isinstance(config, Mapping):
        module = config.get("module")
        if "class_name" in config and (
            config.get("registered_name") not in (None, config["class_name"])
            or (isinstance(module, str) and module.split(".")[0] not in ("keras", "builtins"))
        ):
            yield config.get("registered_name") or config["class_name"]
        for value in config.values():
            yield from _foreign_classes(value)
    elif isinstance(config, list):
        for value in config:
            yield from _foreign_classes(value)
