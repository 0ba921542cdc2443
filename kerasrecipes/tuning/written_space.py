"""Search space as plain data, as search.json holds it."""

from collections.abc import Callable, Mapping

from kerasrecipes.recipe.spec import from_plain
from kerasrecipes.tuning.ranges import (
    Choice,
    Range,
    choice,
    integer,
    log_integer,
    log_uniform,
    uniform,
)

RANGES: dict[str, Callable[..., Range | Choice]] = {
    "uniform": uniform,
    "log_uniform": log_uniform,
    "integer": integer,
    "log_integer": log_integer,
    "choice": choice,
}


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
    return RANGES[kind](**fields)
