"""The text of a recipe script: a page that a user owns, with the reason of each choice."""

import dataclasses
import textwrap
from collections.abc import Iterable, Mapping

from kerasrecipes.base.text import printable
from kerasrecipes.proposals.choices import Choice
from kerasrecipes.recipe.recipe import Recipe
from kerasrecipes.recipe.spec import Spec

WIDTH = 100
_INDENT = "    "

# Written though they are at their defaults: their values are choices.
_ALWAYS = ("epochs", "batch_size", "augment")


def script_text(recipe: Recipe, choices: Iterable[Choice], *, name: str, command: str) -> str:
    """Returns a recipe script with a comment for each choice.

    Args:
        recipe: The recipe.
        choices: The choices, whose reasons become comments.
        name: The script's name without its suffix.
        command: The command that chose the recipe.

    Returns:
        The text of a Python program that defines `recipe` and calls `main`.
    """
    reasons: dict[str, list[str]] = {}
    for choice in choices:
        reasons.setdefault(choice.field, []).append(f"{choice.value}: {choice.reason}.")
    lines = [
        f'"""{_plain(f"Chosen by `{command}`. It is yours: change what you like.")}',
        "",
        f"{_INDENT}python {name}.py                      # trains it, or shows what was trained",
        f"{_INDENT}python {name}.py --set epochs=40      # another training beside it",
        f"{_INDENT}python {name}.py show                 # every value and its path",
        '"""',
        "",
        "from kerasrecipes import Recipe, main, use",
        "",
        "recipe = Recipe(",
    ]
    for field in dataclasses.fields(Recipe):
        value = getattr(recipe, field.name)
        if value == field.default and field.name not in _ALWAYS:
            continue
        for reason in reasons.get(field.name, ()):
            lines += _comment(reason)
        lines += _argument(field.name, value)
    return "\n".join([*lines, ")", "", 'if __name__ == "__main__":', f"{_INDENT}main(recipe)", ""])


def _comment(reason: str) -> list[str]:
    # The names in it come from other people's files: they must not end the line.
    first = reason.split(" ", 1)[0]
    is_word = first.rstrip(",:").isalpha()  # And no name, such as resnet20_cifar10.
    text = printable(reason[0].upper() + reason[1:] if is_word else reason)
    return textwrap.wrap(text, WIDTH, initial_indent="    # ", subsequent_indent="    # ")


def _plain(text: str) -> str:
    """Returns a text that can stand in a docstring and does not end it."""
    return printable(text).replace("\\", "/").replace('"', "'")


def _argument(name: str, value: object) -> list[str]:
    return f"{_INDENT}{name}={_code(value, len(name) + 6, 1)},".split("\n")


def _code(value: object, used: int, depth: int) -> str:
    """Returns a value as Python, on one line if it fits.

    Args:
        value: The value.
        used: How many columns of the line are used, with what must follow.
        depth: How deep the line is indented.
    """
    opening, parts, closing = _parts(value)
    if parts is None:
        return opening
    whole = opening + ", ".join(f"{key}{_code(v, 0, 0)}" for key, v in parts) + closing
    if depth == 0 or len(whole) + used <= WIDTH:
        return whole
    inner = _INDENT * (depth + 1)
    lines = [f"{inner}{key}{_code(v, len(inner) + len(key) + 1, depth + 1)}," for key, v in parts]
    return "\n".join([opening, *lines, f"{_INDENT * depth}{closing}"])


def _parts(value: object) -> tuple[str, list[tuple[str, object]] | None, str]:
    """Returns how a value begins, its parts with what stands before each, and how it ends."""
    if isinstance(value, Spec):
        name = [("", value.name)]
        return "use(", name + [(f"{k}=", v) for k, v in value.options.items()], ")"
    if isinstance(value, Mapping):
        return "{", [(f"{_literal(k)}: ", v) for k, v in value.items()], "}"
    if isinstance(value, list | tuple):
        return "[", [("", v) for v in value], "]"
    return _literal(value), None, ""


def _literal(value: object) -> str:
    """Returns a number or string as Python, with double quotes where that needs no escapes."""
    text = repr(value)
    return f'"{text[1:-1]}"' if text.startswith("'") and '"' not in text else text
