"""Files with the weights of a backbone, in either layout of Keras."""

from pathlib import Path

import h5py
import keras

from kerasrecipes.base.checks import nearest
from kerasrecipes.base.damaged_files import DECODING_ERRORS
from kerasrecipes.base.text import listed

# How many layers an error message lists.
_LISTED = 4


def load_weight_file(network: keras.Model, path: str | Path) -> None:
    """Gives a network the weights in a `.weights.h5` file, or in a legacy `.h5` file.

    Args:
        network: A built network without its classifier ("notop").
        path: The file.

    Raises:
        ValueError: If the file does not exist, is not an HDF5 file, or holds the weights of another
            architecture, where the message says which layers differ.
    """
    path = _existing(path)
    try:
        with h5py.File(path) as file:
            saved = _saved_shapes(file)
    except (OSError, *DECODING_ERRORS) as error:
        raise ValueError(
            f"`weights` must be an HDF5 file with the weights of a model. {path} is another kind "
            f"of file, or is damaged: {error}"
        ) from error
    own = {
        layer.name: [tuple(weight.shape) for weight in layer.weights]
        for layer in network.layers
        if layer.weights
    }
    if sorted(own.values()) == sorted(saved.values()):
        try:
            network.load_weights(path)
            return
        except ValueError:
            pass  # The shapes are in another order. The error below names the layers.
    raise ValueError(
        f"`weights` must be those of {network.name} without its classifier. {path} is of another "
        f"architecture: {_differences(own, saved)}."
    )


def _existing(path: str | Path) -> Path:
    """Returns the path of an existing `.h5` file, or raises a `ValueError`."""
    path = Path(path).expanduser()
    if path.suffix == ".h5" and path.is_file():
        return path
    there = [p.name for p in path.parent.glob("*.h5")] if path.parent.is_dir() else []
    raise ValueError(
        "`weights` must be 'pretrained' (those of ImageNet, or of the run), None for random ones, "
        f"or an existing .h5 or .weights.h5 file.{nearest(path.name, there)} Received: "
        f"weights={str(path)!r}"
    )


def _saved_shapes(file: h5py.File) -> dict[str, list[tuple[int, ...]]]:
    """Returns the shapes of the weights of each layer in a file, in their order."""
    root = file.get("model_weights", file)
    if "layer_names" in root.attrs or "layer_names0" in root.attrs:
        return _legacy_shapes(root)
    shapes: dict[str, list[tuple[int, ...]]] = {}

    def visit(name: str, item: h5py.Group | h5py.Dataset) -> None:
        if isinstance(item, h5py.Group) and name.endswith("/vars") and len(item):
            layer = str(item.attrs.get("name", name.removesuffix("/vars").split("/")[-1]))
            shapes[layer] = [tuple(item[str(i)].shape) for i in range(len(item))]

    root.visititems(visit)
    return shapes


def _legacy_shapes(root: h5py.Group) -> dict[str, list[tuple[int, ...]]]:
    shapes = {}
    for layer in _names(root, "layer_names"):
        own = [tuple(root[layer][weight].shape) for weight in _names(root[layer], "weight_names")]
        if own:
            shapes[layer] = own
    return shapes


def _names(group: h5py.Group, attribute: str) -> list[str]:
    """Returns a list of names, which HDF5 keeps in several attributes if it is long."""
    parts = [attribute] if attribute in group.attrs else []
    parts += sorted(
        (a for a in group.attrs if a.removeprefix(attribute).isdecimal()),
        key=lambda a: int(a.removeprefix(attribute)),
    )
    found = [name for part in parts for name in group.attrs[part]]
    return [name.decode() if isinstance(name, bytes) else str(name) for name in found]


def _differences(own: dict[str, list], saved: dict[str, list]) -> str:
    """Returns how the shapes in a file differ from a network's own, as a text."""
    shapes = [
        f"{name} must have {own[name]}, has {saved[name]}"
        for name in own
        if name in saved and own[name] != saved[name]
    ]
    missing = [f"{name} is missing" for name in own if name not in saved]
    further = [f"{name} must not be there" for name in saved if name not in own]
    if further and not (shapes or missing):
        further.append("take the file without a classifier, whose name in Keras has 'notop'")
    differences = [*shapes, *missing, *further] or ["the layers are in another order"]
    return listed(differences, most=_LISTED, separator="; ")
