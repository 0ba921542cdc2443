"""The page on trust says of each command what it does."""

import re

from kerasrecipes.cli.commands import COMMANDS
from tests.docs.pages import ROOT


def test_the_table_has_every_command_and_says_what_it_runs():
    text = (ROOT / "docs" / "explanation" / "trust.md").read_text("utf-8")
    rows = [row.split("|")[1:3] for row in text.splitlines() if row.startswith("| `")]
    runs = {name: cell for names, cell in rows for name in re.findall("`([a-z-]+)`", names)}
    assert sorted(runs) == sorted(COMMANDS)
    for name, command in COMMANDS.items():
        assert not (command.runs_code and runs[name].strip().startswith("nothing")), name
