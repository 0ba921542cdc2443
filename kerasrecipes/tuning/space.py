"""A search space over the dotted paths of a recipe, and keras-tuner's form of it."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from kerasrecipes.csv_table import to_cell
from kerasrecipes.recipe import Recipe
from kerasrecipes.spec import from_plain, to_plain
from kerasrecipes.tuning.ranges import Choice, Range


@dataclass(frozen=True)
class Space:
    """Ranges by dotted path, checked against a recipe.

    Args:
        recipe: What is searched around.
        ranges: Dictionary from dotted path to what `uniform`, `log_uniform`, `integer` or `choice`
            returned.

    Raises:
        ValueError: If there is no range, a path leads nowhere, or the recipe does not take a value.
    """

    recipe: Recipe
    ranges: Mapping[str, Range | Choice]

    def __post_init__(self):
        if not self.ranges:
            raise ValueError("`space` must hold at least one range. Received: {}")
        _check(self.recipe, self.ranges, {})

    @property
    def paths(self) -> list[str]:
        """All paths, those that depend on a choice included."""
        return list(dict.fromkeys(path for path, _, _ in _walk(self.ranges)))

    @property
    def widened(self) -> list[str]:
        """The paths whose ranges the search may leave."""
        return [path for path, r, _ in _walk(self.ranges) if isinstance(r, Range) and r.widen]

    def to_dict(self) -> dict[str, dict]:
        """Returns the space as plain data, as search.json holds it."""
        return {path: given.to_dict() for path, given in self.ranges.items()}

    def hyperparameters(self):
        """Returns `keras_tuner.HyperParameters` with a hyperparameter for each path."""
        import keras_tuner

        found = keras_tuner.HyperParameters()
        _register(found, self.ranges)
        return found

    def changes(self, values: Mapping[str, Any]) -> dict[str, object]:
        """Returns what a trial changes in the recipe, as `Recipe.replace` takes it."""
        found: dict[str, object] = {}
        for path, given, parents in _walk(self.ranges):
            if path in values and all(values.get(parent) == value for parent, value in parents):
                value = values[path]
                if isinstance(given, Choice):
                    value = _labels(given)[value]
                elif given.kind.endswith("integer"):
                    value = int(value)
                found[path] = value
        return found


def _walk(ranges: Mapping, parents: tuple = ()) -> Iterator[tuple[str, Range | Choice, tuple]]:
    """Yields path, range and conditions, as pairs of path and label; choices before their own."""
    for path, given in ranges.items():
        yield path, given, parents
        if isinstance(given, Choice):
            for label, space in zip(_labels(given), given.spaces, strict=False):
                yield from _walk(space, (*parents, (path, label)))


def _register(hps, ranges: Mapping[str, Range | Choice]) -> None:
    """Adds ranges to keras-tuner's hyperparameters, each in the scope of its choices."""
    for path, given in ranges.items():
        if isinstance(given, Choice):
            hps.Choice(path, list(_labels(given)))
            for label, space in zip(_labels(given), given.spaces, strict=False):
                with hps.conditional_scope(path, [label]):
                    _register(hps, space)
        else:
            sampling = "log" if given.kind.startswith("log") else "linear"
            add, number = (hps.Int, int) if given.kind.endswith("integer") else (hps.Float, float)
            add(path, number(given.low), number(given.high), sampling=sampling)


def _labels(given: Choice) -> dict[Any, object]:
    """Returns the options by what keras-tuner calls them: numbers all, or else strings."""
    if all(type(o) is int for o in given.options) or all(type(o) is float for o in given.options):
        return {option: option for option in given.options}
    return {to_cell(to_plain(option)): option for option in given.options}


def _check(recipe: Recipe, ranges: Mapping, chosen: dict[str, object]) -> None:
    """Raises unless the recipe takes the outermost values of each range."""
    for path, given in ranges.items():
        if not isinstance(path, str) or not isinstance(given, Range | Choice):
            raise TypeError(
                "`space` must map dotted paths to `uniform`, `log_uniform`, `integer` or `choice`. "
                f"Received: {path!r}: {given!r}"
            )
        if path == "epochs" or path == "seed":
            raise ValueError(f"`{path}` is not searched: stages set the epochs, `seed` the seed.")
    simple = {path: given.examples[0] for path, given in ranges.items()}
    for path, given in ranges.items():
        for number, value in enumerate(given.examples):
            values = {**chosen, **simple, path: from_plain(to_plain(value))}
            try:
                recipe.replace(values)
            except (TypeError, ValueError) as error:
                error.add_note(f"In `space`, {path!r} = {value!r}.")
                raise
            if isinstance(given, Choice) and number < len(given.spaces) and given.spaces[number]:
                _check(recipe, given.spaces[number], values)
