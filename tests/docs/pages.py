"""The code blocks of README.md and of the pages in docs/, and the commands in them."""

import re
import shlex
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md"))]

_FENCE = re.compile(r"```(?P<language>\w*)(?: title=\"(?P<title>[^\"]+)\")?$")
# On the line above a block, such as <!-- no test: needs a GPU -->.
_OPT_OUT = re.compile(r"<!-- no test: (?P<reason>\S.*) -->$")
_VARIABLE = re.compile(r"[A-Z_]+=\S*$")


@dataclass(frozen=True)
class Block:
    """A block of code.

    Args:
        line: Number of its first line of code, from 1.
        language: As behind the fence; empty for an indented block.
        title: The file that the block is the contents of; empty for none.
        code: The text.
        skipped: Why the block is not tested; empty if it is.
    """

    line: int
    language: str
    title: str
    code: str
    skipped: str


def blocks(page: Path) -> Iterator[Block]:
    """Yields the fenced and the indented blocks of a page, in order."""
    lines = page.read_text("utf-8").splitlines()
    number, skipped = 0, ""
    while number < len(lines):
        line = lines[number]
        opt_out, fence = _OPT_OUT.match(line), _FENCE.match(line)
        if fence:
            end = lines.index("```", number + 1)
            code = lines[number + 1 : end]
            language, title = fence["language"], fence["title"] or ""
            yield Block(number + 2, language, title, "\n".join(code), skipped)
            number = end
        elif line.startswith("    ") and (number == 0 or not lines[number - 1].strip()):
            end = number
            while end < len(lines) and lines[end].startswith("    "):
                end += 1
            code = [text[4:] for text in lines[number:end]]
            yield Block(number + 1, "", "", "\n".join(code), skipped)
            number = end - 1
        skipped = opt_out["reason"] if opt_out else skipped if not line.strip() else ""
        number += 1


def output_of(page: Path, block: Block) -> str:
    """Returns what a block prints, as the page shows it: the `text` block below it, if any."""
    below = block.line + len(block.code.splitlines()) + 3  # Behind its fence and an empty line.
    for other in blocks(page):
        if other.language == "text" and other.line == below:
            return other.code + "\n"
    return ""


def commands(block: Block) -> Iterator[list[str]]:
    """Yields the words of each command in a block of shell, without variables in front."""
    if block.language not in ("", "sh"):
        return
    for line in block.code.replace("\\\n", " ").splitlines():
        try:
            words = shlex.split(line, comments=True)
        except ValueError:
            continue  # Prose, a diagram: no command has an apostrophe alone.
        while words and _VARIABLE.match(words[0]):
            words = words[1:]
        if words:
            yield [words[0].removeprefix(".venv/bin/"), *words[1:]]


def recipe_script(words: Sequence[str]) -> list[str]:
    """Returns the recipe script or study that Python is to run, and its arguments.

    Args:
        words: What follows `python`: a path, or `-m` and a module.

    Returns:
        The path from the root, and the arguments; nothing if it is another program.
    """
    if words[:1] == ["-m"]:
        words = [words[1].replace(".", "/") + ".py", *words[2:]]
    return list(words) if words[0].startswith(("recipes/", "benchmarks/studies/")) else []


class _Parsed(BaseException):
    """Raised in place of going on once a command line is parsed; no error handler stops it."""


def parsed(command_line, argv: Sequence[str], monkeypatch: pytest.MonkeyPatch):
    """Returns what a command line makes of its arguments, without doing what they ask for.

    Args:
        command_line: A function that parses `argv` by argparse and acts on it.
        argv: The arguments.
        monkeypatch: pytest's.

    Returns:
        The `argparse.Namespace`.

    Raises:
        SystemExit: If the arguments are refused.
    """
    import argparse

    parse = argparse.ArgumentParser.parse_args

    def parse_and_stop(self, args=None, namespace=None):
        raise _Parsed(parse(self, args, namespace))

    with monkeypatch.context() as patch:
        patch.setattr(argparse.ArgumentParser, "parse_args", parse_and_stop)
        try:
            command_line(list(argv))
        except _Parsed as stopped:
            return stopped.args[0]
    raise AssertionError(f"{argv} was not parsed")


def asked_for(words: Sequence[str], monkeypatch: pytest.MonkeyPatch):
    """Returns the recipe that a command such as `recipes/name.py --epochs 3` asks for.

    Returns:
        The `Recipe`, and the command's `argparse.Namespace`.
    """
    import runpy

    import kerasrecipes
    from kerasrecipes.cli.arguments import changes_of

    script = ROOT / words[0]
    recipe = runpy.run_path(str(script))["recipe"]
    monkeypatch.setattr(sys, "argv", [str(script)])
    arguments = parsed(lambda argv: kerasrecipes.main(recipe, argv=argv), words[1:], monkeypatch)
    return recipe.replace(changes_of(arguments)), arguments
