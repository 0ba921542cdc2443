"""Weights, found by the names of the layers that they are in."""

from collections.abc import Iterable

from kerasrecipes.base.checks import nearest


def starts_within(path: str, start: str) -> bool:
    """Returns whether a weight's path begins with `start`, or goes on with it after a `/`.

    The parts of a path are names of layers. Keras puts the model's name in front in some cases and
    not in others, such as after the model was loaded.

    Example:

    >>> starts_within("sequential/stage1_conv1/kernel", "stage1")
    True
    >>> starts_within("sequential/stage1_conv1/kernel", "conv1")
    False
    """
    return f"/{start}" in f"/{path}"


def check_starts(name: str, starts: Iterable[str], paths: list[str]) -> None:
    """Raises a `ValueError` unless every one of `starts` begins a path."""
    layers = {part for path in paths for part in path.split("/")[:-1]}
    for start in starts:
        if not any(starts_within(path, start) for path in paths):
            raise ValueError(
                f"`{name}` must begin names of trainable layers or their weights' paths."
                f"{nearest(start, layers)} Received: {start!r}; the paths are {', '.join(paths)}"
            )
