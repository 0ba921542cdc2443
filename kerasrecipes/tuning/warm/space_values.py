"""Values by which a search space makes a recipe."""

import contextlib
import math
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from kerasrecipes.base.text import listed
from kerasrecipes.recipe.paths import value_at
from kerasrecipes.recipe.recipe import Recipe
from kerasrecipes.recipe.spec import to_plain
from kerasrecipes.tuning.planning.unit_cube import WIDENED_BY
from kerasrecipes.tuning.ranges import Choice, Range
from kerasrecipes.tuning.space import Entry, Space

# So many differences between two recipes are named.
NAMED = 3


class OutsideError(ValueError):
    """A recipe is none that a search space makes."""


def values_of(space: Space, recipe: Recipe) -> dict[str, Any]:
    """Returns the values of hyperparameters by which a space makes a recipe, by name.

    Args:
        space: The space. The epochs of its recipe do not matter, because rungs set them.
        recipe: A recipe that may be one of those in the space.

    Raises:
        OutsideError: If the space does not make it. It says which value lies outside.

    Example:

    ```python
    space = Space(recipe, {"optimizer.momentum": uniform(0, 0.9)})
    values_of(space, recipe.replace({"optimizer.momentum": 0.5}))  # {"optimizer.momentum": 0.5}
    ```
    """
    plain, nearest = recipe.to_dict(), None
    outside: list[str] = []
    for values in _assignments(space, space.entries, plain, {}, outside):
        made = space.recipe.replace({**space.changes(values), "epochs": recipe.epochs})
        if made.fingerprint == recipe.fingerprint:
            return values
        nearest = made if nearest is None else nearest
    if nearest is not None:
        raise OutsideError(_difference(nearest, recipe))
    raise OutsideError(outside[0])


def _assignments(
    space: Space,
    entries: Sequence[Entry],
    plain: dict[str, Any],
    values: dict[str, Any],
    outside: list[str],
) -> Iterator[dict[str, Any]]:
    """Yields the values that may make a recipe; what lies outside is noted."""
    if not entries:
        yield values
        return
    entry, *others = entries
    if any(values.get(name) != label for name, label in entry.parents):
        yield from _assignments(space, others, plain, values, outside)
        return
    actual = value_at(plain, entry.path)
    found = list(_candidates(space, entry, actual))
    if not found and actual is None:
        outside.append(f"it has no {entry.path}")
    elif not found:
        outside.append(f"{entry.path}={_written(actual)} is not in {_shown(entry.given)}")
    for value in found:
        yield from _assignments(space, others, plain, {**values, entry.name: value}, outside)


def _candidates(space: Space, entry: Entry, actual: object) -> Iterator[Any]:
    """Yields the values of a hyperparameter by which its path may get a value."""
    if isinstance(entry.given, Choice):
        for label, option in space.labels(entry.given).items():
            if _name(to_plain(option)) == _name(actual) or _same(space, entry.path, option, actual):
                yield label
    elif isinstance(actual, int | float) and not isinstance(actual, bool):
        yield from _numbers(entry.given, actual)


def _numbers(given: Range, actual: float) -> Iterator[float]:
    if given.values:
        yield from (value for value in given.values if math.isclose(value, actual, rel_tol=1e-9))
        return
    scaled = math.log if given.is_log else float
    if actual <= 0 and given.is_log:
        return
    low, high = scaled(given.low), scaled(given.high)
    beyond = WIDENED_BY * (high - low) * given.widen
    if low - beyond <= scaled(actual) <= high + beyond:
        yield given.number(actual)


def _same(space: Space, path: str, option: object, actual: object) -> bool:
    """Returns whether an option becomes a value in the recipe of a space."""
    with contextlib.suppress(KeyError, TypeError, ValueError):
        return value_at(space.recipe.replace({path: option}).to_dict(), path) == actual
    return False


def _name(value: object) -> object:
    """Returns the name of a component: its options may be those of other ranges."""
    return value["use"] if isinstance(value, Mapping) and "use" in value else value


def _difference(made: Recipe, recipe: Recipe) -> str:
    """Returns what a recipe has that the nearest one of a space has not."""
    ours, theirs = made.flatten(), recipe.flatten()
    paths = [path for path in {**theirs, **ours} if ours.get(path) != theirs.get(path)]
    named = [
        f"{path}={_written(theirs.get(path))}, here {_written(ours.get(path))}"
        for path in paths[:NAMED]
    ]
    more = [f"{len(paths) - NAMED} more"] if len(paths) > NAMED else []
    return f"it differs in what is not searched: {listed([*named, *more]) or 'its data'}"


def _written(value: object) -> str:
    return f"{value:.6g}" if isinstance(value, float) else str(value)


def _shown(given: Range | Choice) -> str:
    if isinstance(given, Choice):
        return f"choice({', '.join(str(_name(to_plain(option))) for option in given.options)})"
    step = "" if given.step is None else f", step={given.step:g}"
    return f"{given.kind}({given.low:g}, {given.high:g}{step})"
