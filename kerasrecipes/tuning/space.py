"""Search space over the dotted paths of a recipe."""

import contextlib
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple

from kerasrecipes.base.csv_table import to_cell
from kerasrecipes.recipe.recipe import Recipe
from kerasrecipes.recipe.spec import from_plain, to_plain
from kerasrecipes.tuning.ranges import Choice, Range


@dataclass(frozen=True)
class Space:
    """Ranges by dotted path, checked against a recipe.

    Args:
        recipe: The recipe whose options are searched.
        ranges: Dictionary from dotted path to `uniform(...)`, `log_uniform(...)`, `integer(...)`,
            `log_integer(...)` or `choice(...)`.

    Raises:
        ValueError: If there is no range, the recipe has no such path, or it does not accept a value
            of the range there.
    """

    recipe: Recipe
    ranges: Mapping[str, Range | Choice]

    def __post_init__(self):
        if not self.ranges:
            raise ValueError("`space` must hold at least one range. Received: {}")
        for _ in self.examples():
            pass

    @property
    def entries(self) -> list["Entry"]:
        """All ranges, each choice before the ranges that depend on it."""
        return list(_entries(self.ranges))

    @staticmethod
    def labels(given: Choice) -> dict[Any, object]:
        """Returns the options of a choice by their labels in keras-tuner."""
        return _labels(given)

    @property
    def paths(self) -> list[str]:
        """All paths, including those that depend on a choice."""
        return list(dict.fromkeys(entry.path for entry in _entries(self.ranges)))

    @property
    def widened(self) -> list[str]:
        """The names of the hyperparameters whose ranges the search may leave."""
        entries = _entries(self.ranges)
        return [e.name for e in entries if isinstance(e.given, Range) and e.given.widen]

    def examples(self) -> Iterator[Recipe]:
        """Yields one recipe for each option of a choice and for each end of a range.

        All other paths have their first values meanwhile, so that this is not every combination.

        Raises:
            ValueError: If the recipe does not accept a value.
        """
        return _examples(self.recipe, self.ranges, {})

    def to_dict(self) -> dict[str, dict]:
        """Returns the space as the plain data that search.json holds."""
        return {path: given.to_dict() for path, given in self.ranges.items()}

    def hyperparameters(self):
        """Returns `keras_tuner.HyperParameters` with a hyperparameter for each range.

        Its name is the path. Where a path has several ranges, under different choices, each name
        also holds the condition: if two hyperparameters shared a name, keras-tuner would drop the
        value of the active one together with that of the inactive one.
        """
        import keras_tuner

        found = keras_tuner.HyperParameters()
        for entry in _entries(self.ranges):
            with contextlib.ExitStack() as scopes:
                for name, label in entry.parents:
                    scopes.enter_context(found.conditional_scope(name, [label]))
                _register(found, entry)
        return found

    def changes(self, values: Mapping[str, Any]) -> dict[str, object]:
        """Returns the changes of a trial to the recipe, as `Recipe.replace` takes them.

        Args:
            values: The values of keras-tuner's hyperparameters, by name.
        """
        found: dict[str, object] = {}
        for name, path, given, parents in _entries(self.ranges):
            if name in values and all(values.get(parent) == label for parent, label in parents):
                value = values[name]
                if isinstance(given, Choice):
                    value = _labels(given)[value]
                elif given.number is int:
                    value = int(value)
                found[path] = value
        return found


class Entry(NamedTuple):
    """A range in a space.

    Args:
        name: The name of its hyperparameter in keras-tuner.
        path: Its dotted path.
        given: The range or choice.
        parents: The choices that it depends on, each as a pair of name and label.
    """

    name: str
    path: str
    given: Range | Choice
    parents: tuple[tuple[str, Any], ...]


def _entries(ranges: Mapping) -> Iterator[Entry]:
    """Yields all ranges, each choice before the ranges that depend on it."""
    return _named(ranges, (), Counter(_paths(ranges)))


def _paths(ranges: Mapping) -> Iterator[str]:
    """Yields the path of each range, as often as it has one."""
    for path, given in ranges.items():
        yield path
        for space in given.spaces if isinstance(given, Choice) else ():
            yield from _paths(space)


def _named(ranges: Mapping, parents: tuple, uses: Mapping[str, int]) -> Iterator[Entry]:
    """Yields the ranges below some choices; `uses` counts the ranges of each path."""
    conditions = " and ".join(f"{name}={label}" for name, label in parents)
    for path, given in ranges.items():
        name = f"{path} if {conditions}" if parents and uses[path] > 1 else path
        yield Entry(name, path, given, parents)
        if isinstance(given, Choice):
            for label, space in zip(_labels(given), given.spaces, strict=False):
                yield from _named(space, (*parents, (name, label)), uses)


def _register(hps, entry: Entry) -> None:
    """Adds a range to keras-tuner's hyperparameters, in their current conditional scope."""
    name, given = entry.name, entry.given
    if isinstance(given, Choice):
        hps.Choice(name, list(_labels(given)))
        return
    if given.values:
        # keras-tuner's own steps lose the upper end to rounding: of 0, 0.1, ..., 0.9 the 0.9.
        hps.Choice(name, list(given.values), ordered=True)
        return
    add = hps.Int if given.number is int else hps.Float
    sampling = "log" if given.is_log else "linear"
    add(name, given.number(given.low), given.number(given.high), sampling=sampling)


def _labels(given: Choice) -> dict[Any, object]:
    """Returns the options by their labels in keras-tuner: numbers if all are, or else strings."""
    if all(type(o) is int for o in given.options) or all(type(o) is float for o in given.options):
        return {option: option for option in given.options}
    return {to_cell(to_plain(option)): option for option in given.options}


def _examples(recipe: Recipe, ranges: Mapping, chosen: dict[str, object]) -> Iterator[Recipe]:
    """Yields a recipe for each example value of each range, on top of the `chosen` values."""
    for path, given in ranges.items():
        if not isinstance(path, str) or not isinstance(given, Range | Choice):
            raise TypeError(
                "`space` must map dotted paths to `uniform`, `log_uniform`, `integer` or `choice`. "
                f"Received: {path!r}: {given!r}"
            )
        if path == "epochs" or path == "seed":
            raise ValueError(
                f"`space` must not hold {path!r}: the rungs set the epochs, and all trials have "
                "the seed of the recipe."
            )
    simple = {path: given.examples[0] for path, given in ranges.items()}
    for path, given in ranges.items():
        for number, value in enumerate(given.examples):
            values = {**chosen, **simple, path: from_plain(to_plain(value))}
            try:
                example = recipe.replace(values)
            except (TypeError, ValueError) as error:
                blamed = _blamed(recipe, values) or path
                error.add_note(f"In `space`, {blamed!r} = {values[blamed]!r}.")
                raise
            if isinstance(given, Choice) and number < len(given.spaces) and given.spaces[number]:
                yield from _examples(recipe, given.spaces[number], values)
            else:
                yield example


def _blamed(recipe: Recipe, values: Mapping[str, object]) -> str | None:
    """Returns the path whose value a recipe refuses: it accepts all others without that one."""
    for path in reversed([*values]):
        with contextlib.suppress(TypeError, ValueError):
            recipe.replace({other: value for other, value in values.items() if other != path})
            return path
    return None
