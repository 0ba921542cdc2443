"""Settings that are written into the file of a recipe: a recipe.json, or a script."""

import ast
import io
import json
import tokenize
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from kerasrecipes.base.damaged_files import decoding
from kerasrecipes.base.files import write_json, write_text
from kerasrecipes.recipe.recipe import Recipe


def check_writable(path: Path, recipe: Recipe, fields: Iterable[str]) -> None:
    """Raises a `ValueError` unless settings can be written into a recipe's file.

    Args:
        path: What the recipe was read from.
        recipe: The recipe.
        fields: The fields that may be set.
    """
    folder = path if path.is_dir() else path.parent
    if path.is_dir() or (path.name == "recipe.json" and (folder / "data.json").exists()):
        raise ValueError(
            "The recipe of a run says how it was trained, and stays so. Write a file of your own "
            f"by `kerasrecipes show {path} --json > my_recipe.json`, and tune that. Received: "
            f"{path}"
        )
    if path.suffix == ".py":
        text = _text_of(path)
        for name in fields:
            _with_argument(path, text, name, None, getattr(recipe, name))


def write_settings(path: Path, recipe: Recipe, settings: Mapping[str, Any]) -> None:
    """Writes settings into a recipe's file, in one step. All else in it stays as it is.

    Args:
        path: A recipe.json, or a script with one call of `Recipe`.
        recipe: The recipe as it was read from there.
        settings: The fields and their new values.

    Raises:
        ValueError: As `check_writable`.
    """
    if path.suffix == ".py":
        text = _text_of(path)
        for name, value in settings.items():
            text = _with_argument(path, text, name, value, getattr(recipe, name))
        write_text(path, text)
    else:
        with decoding(path, "Write it anew."):
            plain = json.loads(path.read_text("utf-8"))
        write_json(path, {**plain, **settings})


def _with_argument(path: Path, text: str, name: str, value: object, before: object) -> str:
    """Returns the text of a script whose call of `Recipe` has an argument with a new value."""
    call = _call_in(path, text)
    given = {keyword.arg: keyword.value for keyword in call.keywords}
    old = given.get(name)
    try:
        known = getattr(Recipe, name) if old is None else ast.literal_eval(old)
    except ValueError:
        known = None
    if known != before:
        raise ValueError(
            f"`{name}` is {before!r}, and not by a value in the script's call of `Recipe`. Leave "
            f"`--write` out, and write what is faster yourself. Received: {path}"
        )
    if old is None:
        return _with_new_argument(text, call, f"{name}={_literal(value)}")
    begin, end = _place(text, old.lineno, old.col_offset), _end(text, old)
    return f"{text[:begin]}{_literal(value)}{text[end:]}"


def _with_new_argument(text: str, call: ast.Call, argument: str) -> str:
    """Returns the text of a script whose call has a further argument, on a line of its own."""
    end = _end(text, call) - 1  # The closing parenthesis.
    inside = [
        token
        for token in tokenize.generate_tokens(io.StringIO(text, newline="").readline)
        if token.type not in (tokenize.NL, tokenize.COMMENT)
        and _offset(text, token.end[0]) + token.end[1] <= end
    ]
    last = inside[-1]
    after = _offset(text, last.end[0]) + last.end[1]
    comma = "" if last.string == "," else ","
    line = text[:end].rpartition("\n")[2]
    if "\n" not in text[after:end] or line.strip():
        return f"{text[:after]}{comma} {argument}{text[after:]}"
    indent = " " * call.keywords[-1].col_offset
    newline = "\r\n" if "\r\n" in text else "\n"
    closing = end - len(line)
    return f"{text[:after]}{comma}{text[after:closing]}{indent}{argument},{newline}{text[closing:]}"


def _call_in(path: Path, text: str) -> ast.Call:
    """Returns the only call of `Recipe` in a script."""
    calls = [n for n in ast.walk(ast.parse(text)) if isinstance(n, ast.Call) and _is_recipe(n.func)]
    if len(calls) != 1 or not calls[0].keywords or calls[0].keywords[-1].arg is None:
        raise ValueError(
            "Settings are written into a script with one call of `Recipe(...)` whose arguments "
            f"have names. Leave `--write` out, and write them yourself. Received: {path}, with "
            f"{len(calls)} calls"
        )
    return calls[0]


def _is_recipe(function: ast.expr) -> bool:
    return "Recipe" in (getattr(function, "id", None), getattr(function, "attr", None))


def _end(text: str, node: ast.expr) -> int:
    return _place(text, node.end_lineno or node.lineno, node.end_col_offset or 0)


def _place(text: str, line: int, column: int) -> int:
    """Returns the place in a text of a line and a column, which `ast` counts in bytes."""
    begin = _offset(text, line)
    return begin + len(text[begin:].partition("\n")[0].encode()[:column].decode())


def _offset(text: str, line: int) -> int:
    """Returns the place in a text at which a line begins, counted from 1."""
    return sum(len(each) + 1 for each in text.split("\n")[: line - 1])


def _text_of(path: Path) -> str:
    with decoding(path, "It must be UTF-8."):
        # Line breaks stay as they are.
        return path.read_bytes().decode("utf-8")


def _literal(value: object) -> str:
    return json.dumps(value) if isinstance(value, str) else repr(value)
