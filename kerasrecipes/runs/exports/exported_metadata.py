"""What an exported file says of its model: classes, what goes in, what comes out.

Each format has a place of its own for such things:

- ONNX: the metadata of the model, a JSON text for each key;
- SavedModel: `assets.extra/metadata.json`, TensorFlow's place for what its programs do not read;
- .keras: Keras's own `metadata.json` inside the file, beside its keys.
"""

import json
import zipfile
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, NamedTuple

from kerasrecipes.base.files import replacing
from kerasrecipes.training.run import Run

KEYS = (
    "class_names",
    "image_shape",
    "channels",
    "value_range",
    "resize",
    "output",
    "temperature",
    "compared_on",
    "run",
)
_CHANNELS = {1: "grey", 3: "RGB"}
_SAVED_MODEL_FILE = Path("assets.extra", "metadata.json")
_KERAS_FILE = "metadata.json"


def metadata_of(
    run: Run, output: str, compared_on: str, temperature: float | None = None
) -> dict[str, Any]:
    """Returns what is written into an exported file, as plain data.

    Args:
        run: The run.
        output: `"logits"` or `"probabilities"`.
        compared_on: The images on which the file was compared with `predict`.
        temperature: What the run's logits were divided by; `None` if they were not.

    Returns:
        A dict of `KEYS`. `image_shape` is `[height, width, channels]`, `channels` their order,
        `"RGB"` or `"grey"`, or `None` for another number of channels; `resize` is the policy by
        which the run's images got that size, `None` if they had it already.
    """
    data = run.data
    shape = list(data["image_shape"])
    values = (
        list(data["class_names"]),
        shape,
        _CHANNELS.get(shape[-1]),
        list(data["value_range"]),
        data["resize"],
        output,
        temperature,
        compared_on,
        run.folder.resolve().name,
    )
    return dict(zip(KEYS, values, strict=True))


def write_metadata(path: Path, format: str, metadata: Mapping[str, Any]) -> None:
    """Adds metadata to an exported file, in the way of its format."""
    _PLACES[format].write(path, metadata)


def read_metadata(path: str | Path) -> dict[str, Any]:
    """Returns what a file that `export` wrote says of its model.

    Args:
        path: The `.onnx` or `.keras` file, or the folder of a SavedModel.

    Returns:
        A dict: `class_names`; `image_shape`, `[height, width, channels]`; `channels`, their order,
        `"RGB"` or `"grey"`; `value_range`, `[lowest, highest]` of the pixels; `resize`, the policy
        by which the run's images got that size, `None` if they had it already; `output`,
        `"logits"` or `"probabilities"`; `temperature`, what the logits were divided by, or `None`;
        `compared_on`, the images on which the file was compared
        with the model's `predict`; and `run`, the name of the run folder.

    Raises:
        ImportError: If an ONNX file is given and onnx is not installed.
        ValueError: If there is no such metadata.

    Example:

    ```python
    path = kerasrecipes.runs.export(run, "onnx", "model.onnx")
    kerasrecipes.runs.read_metadata(path)["class_names"]
    ```
    """
    path = Path(path)
    format = {".onnx": "onnx", ".keras": "keras"}.get(path.suffix, "savedmodel")
    try:
        found = _PLACES[format].read(path)
    except (OSError, KeyError, ValueError, zipfile.BadZipFile) as error:
        raise ValueError(f"Expected a file that `export` wrote. Received: {path}") from error
    metadata = {key: found[key] for key in KEYS if key in found}
    if not metadata:
        raise ValueError(f"Expected a file that `export` wrote. Received: {path}")
    return metadata


def _write_saved_model(path: Path, metadata: Mapping[str, Any]) -> None:
    file = path / _SAVED_MODEL_FILE
    file.parent.mkdir()
    file.write_text(json.dumps(metadata, indent=2) + "\n", "utf-8")


def _read_saved_model(path: Path) -> dict[str, Any]:
    return json.loads((path / _SAVED_MODEL_FILE).read_text("utf-8"))


def _write_onnx(path: Path, metadata: Mapping[str, Any]) -> None:
    import onnx

    model = onnx.load(path)
    onnx.helper.set_model_props(model, {key: json.dumps(value) for key, value in metadata.items()})
    onnx.save(model, path)


def _read_onnx(path: Path) -> dict[str, Any]:
    import onnx

    properties = onnx.load(path, load_external_data=False).metadata_props
    return {one.key: json.loads(one.value) for one in properties if one.key in KEYS}


def _write_keras(path: Path, metadata: Mapping[str, Any]) -> None:
    with (
        zipfile.ZipFile(path) as old,
        replacing(path) as temporary,
        zipfile.ZipFile(temporary, "w") as new,
    ):
        for entry in old.infolist():
            content = old.read(entry)
            if entry.filename == _KERAS_FILE:
                content = json.dumps({**json.loads(content), **metadata}).encode()
            new.writestr(entry, content)


def _read_keras(path: Path) -> dict[str, Any]:
    with zipfile.ZipFile(path) as file:
        return json.loads(file.read(_KERAS_FILE))


class _Place(NamedTuple):
    """How a format's metadata is written and read."""

    write: Callable[[Path, Mapping[str, Any]], None]
    read: Callable[[Path], dict[str, Any]]


_PLACES = {
    "savedmodel": _Place(_write_saved_model, _read_saved_model),
    "onnx": _Place(_write_onnx, _read_onnx),
    "keras": _Place(_write_keras, _read_keras),
}
