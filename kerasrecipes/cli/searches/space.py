"""A search space as a command line gives it."""

import ast
import json
from collections.abc import Iterable, Mapping
from pathlib import Path

from kerasrecipes.base.checks import nearest
from kerasrecipes.cli.searches.options import EXAMPLE
from kerasrecipes.tuning.ranges import Choice, Range
from kerasrecipes.tuning.written_space import RANGES, space_of


def read_space(given: Iterable[str]) -> dict[str, Range | Choice]:
    """Returns the ranges by dotted path that `--space` gives; of one given twice, the last.

    Args:
        given: Texts, each `path=range`, such as `batch_size=choice(32, 64)`; or the name of a file
            of a space as JSON, as search.json holds it, which may be a search.json.

    Raises:
        ValueError: If one is neither, or a range cannot be read.

    Example:

    >>> read_space(["optimizer.momentum=uniform(0, 0.9)"])
    {'optimizer.momentum': Range(kind='uniform', low=0.0, high=0.9, widen=False, step=None)}
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
