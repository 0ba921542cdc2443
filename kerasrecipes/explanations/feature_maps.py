"""Feature maps of a model: which layer has the last one, and its value within a call."""

import contextlib
from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

import keras
import numpy as np

from kerasrecipes.base.checks import nearest
from kerasrecipes.explanations.class_scores import CannotExplainError, parts_of
from kerasrecipes.models.surgery.graph import Graph

OCCLUDE = "`occlusion` explains every classifier."


class FeatureMap(NamedTuple):
    """A feature map of a model.

    Args:
        path: The path of its layer, through the models that hold it.
        call: Which call of the layer in a pass, from 0: a shared layer is called more than once.
        shape: The shape of an image's feature map.
        dtype: Its dtype.
    """

    path: str
    call: int
    shape: tuple[int, ...]
    dtype: str


def find_feature_map(
    model: keras.Model, images: np.ndarray, run: Callable[[Any], Any], layer: str | None = None
) -> FeatureMap:
    """Returns the last feature map of a model: the last output with places, after a convolution.

    Args:
        model: The model.
        images: Images for a pass through it.
        run: Function that passes images through the model, or only their shapes.
        layer: The name or path of a layer, or `None` for the last feature map.

    Raises:
        CannotExplainError: If there is none, or the output depends on the images in other ways too.
        ValueError: If there is no such layer, or its output is no feature map.
    """
    parts = dict(_parts(model))
    found: list[FeatureMap] = []
    calls: dict[str, int] = {}
    convolved = False

    def note(path: str, output):
        nonlocal convolved
        number = calls[path] = calls.get(path, -1) + 1
        convolved = convolved or any(len(w.shape) == 4 for w in _weights(parts[path]))
        shape = tuple(getattr(output, "shape", ()))
        if len(shape) == 4 and (convolved or layer is not None):
            dtype = keras.backend.standardize_dtype(output.dtype)
            found.append(FeatureMap(path, number, shape[1:], dtype))
        return output

    with replacing_outputs(parts, note):
        run(images)
    if layer is not None:
        return _named(layer, found, parts)
    # After global pooling, a map may have a single place, which tells nothing.
    placed = [m for m in found if _places(m, parts[m.path]) > 1]
    if not placed:
        raise CannotExplainError(
            "Grad-CAM needs a convolutional model: this one has no feature map after a "
            f"convolution. {OCCLUDE} Received: {model.name}"
        )
    _check_only_way(model, placed[-1].path)
    return placed[-1]


@contextlib.contextmanager
def replacing_outputs(parts: dict[str, Any], replace: Callable[[str, Any], Any]) -> Iterator[None]:
    """Replaces the outputs of layers while it is entered, and leaves the layers as they were.

    Args:
        parts: The layers and operations by their paths.
        replace: Function from a path and an output to the output that takes its place.
    """
    before = {path: vars(part).get("call") for path, part in parts.items()}
    try:
        for path, part in parts.items():
            # Keras tracks what is set as an attribute; this is not to be tracked.
            vars(part)["call"] = _replacing(part.call, path, replace)
        yield
    finally:
        for path, part in parts.items():
            vars(part).pop("call", None)
            if before[path] is not None:
                vars(part)["call"] = before[path]


def part_at(model: keras.Model, path: str):
    """Returns the layer or operation at a path; see `FeatureMap`."""
    return dict(_parts(model))[path]


def channels_axis(part) -> int:
    """Returns the axis of an image's feature map that holds the channels."""
    format = getattr(part, "data_format", None) or keras.config.image_data_format()
    return 0 if format == "channels_first" else -1


def _parts(model: keras.Model, prefix: str = "") -> Iterator[tuple[str, Any]]:
    for part in parts_of(model):
        if isinstance(part, keras.Model):
            yield from _parts(part, f"{prefix}{part.name}/")
        elif not isinstance(part, keras.layers.InputLayer):
            yield prefix + part.name, part


def _weights(part) -> list:
    return getattr(part, "weights", None) or []


def _places(found: FeatureMap, part) -> int:
    return int(np.prod(np.delete(np.array(found.shape), channels_axis(part))))


def _named(layer: str, found: list[FeatureMap], parts: dict[str, Any]) -> FeatureMap:
    maps = [m for m in found if layer in (m.path, m.path.rpartition("/")[2])]
    if maps:
        return maps[-1]
    there = [m.path for m in found]
    why = "its output has no four axes" if layer in parts else "there is no such layer"
    raise ValueError(
        f"`layer` must name a layer whose output is a feature map, and {why}."
        f"{nearest(layer, there)} Received: layer={layer!r}"
    )


def _check_only_way(model: keras.Model, path: str) -> None:
    """Raises if the output depends on images by another way than the feature map.

    So it is in an ensemble, whose members stand side by side: a map of one would pass for all.
    """
    try:
        graph = Graph.of(model)
    except Exception:  # It is not functional, or a layer cannot be described.
        return
    names = {part.name for part in graph.layers}
    own = next((name for name in path.split("/") if name in names), None)
    if own is not None and not graph.is_cut_point(graph.position(own)):
        raise CannotExplainError(
            "Grad-CAM needs one last feature map, but the output depends on more than that of "
            f"{path!r}. Name one by `layer`, or explain each part of an ensemble. {OCCLUDE} "
            f"Received: {model.name}"
        )


def _replacing(call, path: str, replace: Callable[[str, Any], Any]):
    def called(*arguments, **keywords):
        return replace(path, call(*arguments, **keywords))

    return called
