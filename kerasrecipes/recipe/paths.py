"""Dotted paths, such as `optimizer.learning_rate.peak_learning_rate`, into a recipe's plain form.

The same paths are used everywhere: in `Recipe.replace`, in `--set`, as keys of a search space, as
columns of a sweep and in the rows of a report. A path names an item of a list by its position or by
its name (`augment.0.padding_pixels`, `augment.RandomPadCrop.padding_pixels`).
"""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from kerasrecipes.base.checks import nearest
from kerasrecipes.recipe.fields import METRIC_ALIASES
from kerasrecipes.recipe.registry import candidates, family_of
from kerasrecipes.recipe.spec import Spec, to_plain


def replaced(plain: dict, changes: Mapping[str, object], components: set[str]) -> dict:
    """Returns a plain form with values changed, outer paths before the paths inside them.

    Args:
        plain: A recipe's plain form. It is not changed.
        changes: Dictionary from dotted path to new value. If the value of a component's path is a
            string, it replaces the whole component together with its options. An option in steps
            replaces the same option in epochs, and the other way round. Another `monitor` forgets
            the `mode` of the one before.
        components: The top-level fields that hold components.

    Raises:
        ValueError: If a path does not exist. The message names the nearest one.
    """
    result = _copy(plain)
    for path in sorted(changes, key=lambda p: (p.count("."), p)):
        *parents, last = path.split(".")
        if parents and _is_changes(result.get("start")) and parents[0] == "start":
            parents, last = ["start"], path.removeprefix("start.")
        node = _walk(result, parents)
        may_be_new = parents and isinstance(node, dict) and last != "use"
        key = last if may_be_new else _key(node, last, ".".join(parents))
        value: Any = to_plain(changes[path])
        if _names_component(value, node, key, path in components):
            value = to_plain(Spec(value))
        if last == "monitor" and value != node.get(key):
            _forget_mode(node, [*parents, "mode"], changes)
        node[key] = value
        for twin in _in_other_unit(last):
            if _is_component(node) and ".".join([*parents, twin]) not in changes:
                node.pop(twin, None)
    return result


def check_names(plain: dict, changes: Mapping[str, object], families: Mapping[str, str]) -> None:
    """Raises a `ValueError` with the path unless names of components are those of some.

    Args:
        plain: A recipe's plain form with the changes.
        changes: Dictionary from dotted path to new value.
        families: The families of the top-level fields that hold components.
    """
    for path, value in changes.items():
        if not isinstance(value, str) or value_at(plain, path) != {"use": value}:
            continue
        *parents, option = path.split(".")
        of_option = families.get(path) or family_of(option)
        if len(parents) == 1 and isinstance(plain[parents[0]], list):
            of_option = families.get(parents[0])
        number = "a number or " if of_option == "schedule" else ""
        try:
            candidates(value, of_option, may_import=False)
        except ValueError as error:
            raise ValueError(f"`{path}` must be {number}a component. {error}") from error


def value_at(plain: dict, path: str) -> Any:
    """Returns the value at a path of a plain form, or `None` if the path does not exist."""
    try:
        return _walk(plain, path.split("."))
    except ValueError:
        return None


def _walk(node: Any, keys: Sequence[str]) -> Any:
    for depth, key in enumerate(keys):
        node = node[_key(node, key, ".".join(keys[:depth]))]
    return node


def _is_changes(start: object) -> bool:
    """Returns whether a recipe's `start` holds changes by path, and not a recipe."""
    return isinstance(start, dict) and "kerasrecipes" not in start


def _is_component(node: object) -> bool:
    return isinstance(node, dict) and "use" in node


def _forget_mode(node: dict, path: Sequence[str], changes: Mapping[str, object]) -> None:
    """Resets the direction of a quantity that is no longer monitored, unless it is set too."""
    if ".".join(path) in changes:
        return
    if _is_component(node):
        node.pop("mode", None)
    elif "mode" in node:
        node["mode"] = "auto"


def _in_other_unit(option: str) -> Iterator[str]:
    """Yields the name in epochs of an option in steps, and the other way round."""
    for unit, other in (("_steps", "_epochs"), ("_epochs", "_steps")):
        if option.endswith(unit):
            yield option.removesuffix(unit) + other


def _names_component(value: object, node, key, is_field: bool) -> bool:
    """Returns whether a value at this place is the name of a component."""
    if not isinstance(value, str) or value.lower() in METRIC_ALIASES:
        return False
    current = node[key] if isinstance(node, list) else node.get(key)
    return is_field or _is_component(current) or family_of(str(key)) == "schedule"


def _key(node: Any, key: str, walked: str) -> Any:
    """Returns the key or the position in a list that one part of a path stands for."""
    if isinstance(node, list):
        names = [item.get("use") if isinstance(item, dict) else item for item in node]
        if key.isdecimal() and int(key) < len(node):
            return int(key)
        if names.count(key) == 1:
            return names.index(key)
        raise ValueError(
            f"`{walked}` has no single item {key!r}.{nearest(key, map(str, names))} "
            f"Items: {', '.join(f'{i} ({n})' for i, n in enumerate(names)) or 'none'}."
        )
    if not isinstance(node, dict):
        raise ValueError(
            f"`{walked}` is {node!r}, which has no option {key!r}: set `{walked}` to a component "
            f"first. Received: {walked}.{key}"
        )
    known = [k for k in node if k not in ("use", "kerasrecipes")]
    if key not in known:
        where = f"`{walked}`" if walked else "a recipe"
        hint = (
            f" To change an option inside it, set `{walked}.{key}` itself first."
            if _is_component(node)
            else ""
        )
        raise ValueError(
            f"There is no {key!r} in {where}.{nearest(key, known)} "
            f"It has: {', '.join(known) or 'no options that are set'}.{hint}"
        )
    return key


def _copy(plain):
    if isinstance(plain, Mapping):
        return {k: _copy(v) for k, v in plain.items()}
    return [_copy(v) for v in plain] if isinstance(plain, list | tuple) else plain
