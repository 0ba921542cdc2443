"""Values of a recipe's plain form by their dotted paths."""

from collections.abc import Iterable, Mapping


def flatten(plain: object, path: str = "") -> dict[str, object]:
    """Returns every value of a plain form by its dotted path. A spec's name has the spec's path.

    Example:

    >>> flatten({"optimizer": {"use": "SGD", "momentum": 0.9}, "epochs": 3})
    {'optimizer': 'SGD', 'optimizer.momentum': 0.9, 'epochs': 3}
    """
    items: Iterable[tuple]
    if isinstance(plain, Mapping) and plain:
        items = plain.items()
    elif isinstance(plain, list | tuple) and any(isinstance(v, Mapping) for v in plain):
        items = enumerate(plain)
    else:
        return {path: plain}
    found: dict[str, object] = {}
    for key, value in items:
        if key == "kerasrecipes":
            continue
        below = path if key == "use" else f"{path}.{key}".removeprefix(".")
        found.update(flatten(value, below))
    return found
