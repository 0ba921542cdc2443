"""A search space as a command line gives it."""

import ast
import json
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path

from kerasrecipes.base.checks import nearest
from kerasrecipes.cli.commands.search import EXAMPLE
from kerasrecipes.recipe.spec import from_plain
from kerasrecipes.tuning import choice, integer, log_uniform, uniform
from kerasrecipes.tuning.ranges import Choice, Range

RANGES: dict[str, Callable[..., Range | Choice]] = {
    "uniform": uniform,
    "log_uniform": log_uniform,
    "integer": integer,
    "choice": choice,
}


def read_space(given: Iterable[str]) -> dict[str, Range | Choice]:
    """Returns the ranges by dotted path that `--space` gives; of one given twice, the last.

    Args:
        given: Texts, each `path=range`, such as `batch_size=choice(32, 64)`; or the name of a file
            of a space as JSON, as search.json holds it, which may be a search.json.

    Raises:
        ValueError: If one is neither, or a range cannot be read.

    Example:

    >>> read_space(["optimizer.momentum=uniform(0, 0.9)"])
    {'optimizer.momentum': Range(kind='uniform', low=0.0, high=0.9, widen=False)}
    """
    space: dict[str, Range | Choice] = {}
    for text in given:
        path, equals, written = text.partition("=")
        space |= {path.strip(): _range(written, text)} if equals else _file(Path(text))
    return space


def _range(written: str, text: str) -> Range | Choice:
    try:
        call = ast.parse(written.strip(), mode="eval").body
    except SyntaxError:
        call = None
    if not isinstance(call, ast.Call) or not isinstance(call.func, ast.Name):
        raise ValueError(f"`--space` must be given as in {EXAMPLE!r}. Received: --space {text}")
    name = call.func.id
    if name not in RANGES:
        raise ValueError(
            f"There is no range {name!r}.{nearest(name, RANGES)} Ranges: {', '.join(RANGES)}."
        )
    try:
        positional = [ast.literal_eval(argument) for argument in call.args]
        keywords = {str(word.arg): ast.literal_eval(word.value) for word in call.keywords}
        return RANGES[name](*positional, **keywords)
    except (TypeError, ValueError) as error:
        error.add_note(f"In: --space {text}")
        raise


def _file(path: Path) -> dict[str, Range | Choice]:
    try:
        written = json.loads(path.read_text("utf-8"))
    except json.JSONDecodeError as error:
        raise ValueError(f"A space must be JSON: {error}. File: {path}") from None
    if isinstance(written, Mapping) and isinstance(written.get("rungs"), list):
        written = written["space"]
    try:
        return space_of(written)
    except (AttributeError, KeyError, TypeError, ValueError) as error:
        raise ValueError(
            'A space must map paths to ranges, such as {"batch_size": {"range": "integer", "low": '
            f'8, "high": 64}}}}: {error!r}. File: {path}'
        ) from None


def space_of(written: Mapping) -> dict[str, Range | Choice]:
    """Returns the space that `Space.to_dict` wrote."""
    return {path: _plain_range(dict(fields)) for path, fields in written.items()}


def _plain_range(fields: dict) -> Range | Choice:
    kind = fields.pop("range")
    if kind == "choice":
        options = [from_plain(option) for option in fields["options"]]
        spaces = [space_of(space) for space in fields.get("spaces", ())]
        # Spaces are only where the options are hashable, as the keys that they were given as.
        return choice(dict(zip(options, spaces, strict=True))) if spaces else choice(*options)
    if kind == "log_integer":
        return integer(**fields, log=True)
    return RANGES[kind](**fields)
