"""What stands in README.md and docs/ runs.

Python blocks of a page run in order, in one namespace and an empty directory; one with a title is
written to the file of that name first. What one prints stands in a `text` block right below it, in
the form of a doctest's output: `...` for what differs from machine to machine. `pycon` blocks are
doctests. Commands of shell blocks are
parsed by the command line that they are for, and run where they only print; trials of a search can
be trained. A block is left out by
`<!-- no test: reason -->` on the line above it.
"""

import contextlib
import doctest
import io
import re
import runpy
import sys
from pathlib import Path

import pytest

import kerasrecipes.cli
from kerasrecipes.cli.searches.space import read_space
from kerasrecipes.tuning.rungs import rungs_of
from kerasrecipes.tuning.space import Space
from kerasrecipes.tuning.trial_length import check_trials
from tests.docs.pages import (
    PAGES,
    ROOT,
    asked_for,
    blocks,
    commands,
    output_of,
    parsed,
    recipe_script,
)

# Commands that train nothing and write nothing.
PRINTING = ("list", "show")


def _name(page):
    return str(page.relative_to(ROOT))


def _having(languages):
    return [p for p in PAGES if any(b.language in languages and not b.skipped for b in blocks(p))]


@pytest.fixture
def directory(tmp_path, monkeypatch):
    """An empty working directory, from which modules can be imported."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.syspath_prepend(str(tmp_path))
    before = set(sys.modules)
    yield tmp_path
    for path in tmp_path.glob("*.py"):
        if path.stem not in before:
            sys.modules.pop(path.stem, None)


@pytest.mark.parametrize("page", _having(("python",)), ids=_name)
def test_python_blocks_run(page, directory):
    namespace = {"__name__": "__docs__"}
    for block in blocks(page):
        if block.language != "python" or block.skipped:
            continue
        if block.title:
            Path(directory, block.title).write_text(block.code)
            runpy.run_path(block.title, run_name="__docs__")
            continue
        printed, shown = io.StringIO(), output_of(page, block)
        # Blank lines in front, so that a traceback names the line of the page.
        code = compile("\n" * (block.line - 1) + block.code, str(page), "exec")
        with contextlib.redirect_stdout(printed if shown else sys.stdout):
            exec(code, namespace)
        if shown:
            flags, got = doctest.ELLIPSIS | doctest.NORMALIZE_WHITESPACE, printed.getvalue()
            assert doctest.OutputChecker().check_output(shown, got, flags), got


@pytest.mark.parametrize("page", _having(("python",)), ids=_name)
def test_what_a_block_prints_is_shown(page):
    for block in blocks(page):
        if block.language == "python" and not block.skipped and not block.title:
            assert bool(output_of(page, block)) == ("print(" in block.code), block.line


@pytest.mark.parametrize("page", _having(("pycon",)), ids=_name)
def test_examples_print_what_they_say(page, directory):
    namespace: dict = {}
    examples = [b for b in blocks(page) if b.language == "pycon" and not b.skipped]
    runner = doctest.DocTestRunner(optionflags=doctest.ELLIPSIS | doctest.NORMALIZE_WHITESPACE)
    for block in examples:
        test = doctest.DocTestParser().get_doctest(
            block.code + "\n", namespace, _name(page), str(page), block.line - 1
        )
        report: list[str] = []
        runner.run(test, out=report.append, clear_globs=False)
        namespace = test.globs
        assert not report, "".join(report)


@pytest.mark.parametrize("page", PAGES, ids=_name)
def test_commands_are_accepted(page, directory, monkeypatch, capsys):
    for block in blocks(page):
        for program, *rest in [] if block.skipped else commands(block):
            if program == "kerasrecipes":
                parsed(kerasrecipes.cli.console, rest, monkeypatch)
                if rest[0] in PRINTING and not any("/" in word for word in rest):
                    kerasrecipes.cli.console(rest)
            elif program == "python" and (script := recipe_script(rest)):
                recipe, arguments = asked_for(script, monkeypatch)
                if "search" in rest:
                    space = Space(recipe, read_space(arguments.space))
                    dataset = recipe.data.build("data").load()
                    check_trials(space, rungs_of(arguments.rungs)[0], dataset, arguments.objective)
            elif program == "make":
                assert rest[0] in _make_targets()


@pytest.mark.parametrize("page", PAGES, ids=_name)
def test_languages_are_those_that_are_tested(page):
    assert {block.language for block in blocks(page)} <= {
        "",
        "sh",
        "python",
        "pycon",
        "json",
        "text",
    }


@pytest.mark.parametrize("page", PAGES, ids=_name)
def test_linked_files_are_there(page):
    """mkdocs checks the links between its pages; README.md is not one of them."""
    links = re.findall(r"\]\(([^)#]+)[^)]*\)", page.read_text("utf-8"))
    local = [link for link in links if "://" not in link]
    assert [link for link in local if not (page.parent / link).exists()] == []


def test_readme_names_what_is_there():
    """Every folder and file in README's table of contents exists, and no folder is left out."""
    rows = re.findall(r"^\| `([\w/]+)/` \|", (ROOT / "README.md").read_text("utf-8"), re.M)
    assert all((ROOT / row).is_dir() for row in rows)
    folders = {path.parts[0] for path in _tracked() if len(path.parts) > 1}
    assert {name for name in folders if not name.startswith(".")} == set(rows)


def _make_targets():
    return re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text("utf-8"), re.M)


def _tracked():
    import subprocess

    listed = subprocess.run(
        ["git", "ls-files"], cwd=ROOT, capture_output=True, text=True, check=False
    )
    if listed.returncode:
        pytest.skip("not a git checkout")
    return [Path(line) for line in listed.stdout.splitlines()]
