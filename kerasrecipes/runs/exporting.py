"""Export of a run's model, for use with TensorFlow, ONNX Runtime or Keras alone."""

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

# The packages that Keras's export to ONNX imports, by backend.
_ONNX_PACKAGES = {
    "tensorflow": ("tf2onnx", "onnx"),
    "torch": ("onnx",),
    "jax": ("jax2onnx", "onnx"),
}


def default_output(run: Run, format: str) -> Path:
    """Returns the default path of a run's export, which is in the current directory."""
    return Path(run.folder.resolve().name + _SUFFIXES[format])


def export(run: Run, format: str, output: str | Path) -> Path:
    """Writes the model of a finished run in another format.

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
        ValueError: If the output exists already or has another format's suffix, or if the format
            cannot hold the model.
    """
    check_choice("format", format, FORMATS)
    output = Path(output)
    _check_output(output, format)
    if format == "keras":
        _check_keras_alone(run.folder / "model.keras")
        with replacing(output) as temporary:
            shutil.copyfile(run.folder / "model.keras", temporary)
        return output
    _check_packages(format)
    loaded = run.load_model()
    # The loaded model has lists of one input and one output. Here they are tensors.
    model = keras.Model(loaded.inputs[0], loaded.outputs[0])
    if format == "onnx" and run.recipe.precision != "float32":
        model = _in_float32(model)
    # Keras exports a model to ONNX only if it has been called.
    model(np.zeros((1, *run.data["image_shape"]), "float32"))
    with warnings.catch_warnings():
        # The converters warn about their own code.
        warnings.simplefilter("ignore")
        if format == "onnx":
            with replacing(output) as temporary:
                model.export(temporary, format="onnx", verbose=False)
        else:
            with tempfile.TemporaryDirectory(dir=output.parent, prefix=".") as folder:
                model.export(f"{folder}/model", format="tf_saved_model", verbose=False)
                Path(folder, "model").rename(output)
    return output


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
    needed = ("tensorflow",) if format == "savedmodel" else _ONNX_PACKAGES.get(backend, ("onnx",))
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
