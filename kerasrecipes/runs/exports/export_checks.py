"""Checks before a model is exported: the output, the packages, the classes of a .keras file."""

import importlib.util
import json
import zipfile
from collections.abc import Iterator, Mapping
from pathlib import Path
from types import MappingProxyType

import keras

FORMATS: Mapping[str, str] = MappingProxyType(
    {
        "savedmodel": "a folder for TensorFlow and TensorFlow Serving",
        "onnx": "a file for ONNX Runtime and other ONNX tools",
        "keras": "a file that Keras loads without kerasrecipes",
    }
)
SUFFIXES = {"savedmodel": "", "onnx": ".onnx", "keras": ".keras"}

# With PyTorch, Keras 3.15 exports to SavedModel through torch_xla, and fails.
_SAVEDMODEL_BACKENDS = ("tensorflow", "jax")

# What converts to ONNX: the backend's own converter, or PyTorch. Each file is read again.
_READER = ("onnx", "onnxruntime")
_CONVERTERS = {"tensorflow": ("tf2onnx",), "torch": ("torch",), "jax": ("jax2onnx",)}


def check_output(output: Path, format: str) -> None:
    """Raises if a file or folder cannot be written."""
    suffix = SUFFIXES[format]
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


def converters(format: str) -> list[str]:
    """Returns the backends that can convert to a format here, this one first.

    Raises:
        ImportError: If there is none, for want of packages.
    """
    backend = keras.backend.backend()
    if format == "savedmodel":
        _check_saved_model(backend)
    if format != "onnx":
        return [backend]
    backends = dict.fromkeys((backend, "torch"))
    found = [name for name in backends if not _missing(*_CONVERTERS[name], *_READER)]
    if not found:
        missing = _missing(*_CONVERTERS[backend], *_READER)
        raise ImportError(
            f"Exporting to onnx on {backend} needs {' and '.join(missing)}: {_fix(backend)}."
        )
    return found


def _check_saved_model(backend: str) -> None:
    if backend not in _SAVEDMODEL_BACKENDS:
        raise ImportError(
            f"Exporting to savedmodel does not work on {backend}: set KERAS_BACKEND to "
            f"{' or '.join(_SAVEDMODEL_BACKENDS)}. The run may have been trained on any backend."
        )
    if _missing("tensorflow"):
        raise ImportError(
            f"Exporting to savedmodel on {backend} needs tensorflow: `pip install tensorflow`."
        )


def _missing(*names: str) -> list[str]:
    return [name for name in names if importlib.util.find_spec(name) is None]


def _fix(backend: str) -> str:
    extra = "`pip install 'kerasrecipes[export]'`"
    return f"{extra} and `pip install torch`, or jax2onnx" if backend == "jax" else extra


def check_keras_alone(path: Path) -> None:
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
