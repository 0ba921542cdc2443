"""The reference of the command line has what `--help` prints."""

import re
import runpy

import pytest

from kerasrecipes.cli import console
from tests.docs.pages import ROOT


def _help(capsys, *argv):
    with pytest.raises(SystemExit):
        console([*argv, "--help"])
    return capsys.readouterr().out


@pytest.fixture
def page():
    """The page as mkdocs gets it."""
    text = (ROOT / "docs" / "reference" / "command-line.md").read_text("utf-8")
    return runpy.run_path(str(ROOT / "docs" / "command_line.py"))["on_page_markdown"](text)


def test_every_command_and_option_is_there(page, capsys):
    commands = re.findall(r"^    ([a-z-]+)\s", _help(capsys), re.M)
    assert len(commands) > 10
    assert re.findall(r"^## (.+)$", page, re.M) == commands
    sections = re.split(r"^## ", page, flags=re.M)[1:]
    for command, section in zip(commands, sections, strict=True):
        options = set(re.findall(r"--[a-z-]+", _help(capsys, command).partition("options:")[2]))
        assert options - {"--help"} <= set(re.findall(r"`(--[a-z-]+)", section))


def test_other_pages_stay_as_they_are(page):
    assert "<!-- commands -->" not in page
    hook = runpy.run_path(str(ROOT / "docs" / "command_line.py"))["on_page_markdown"]
    assert hook("# A page") == "# A page"
