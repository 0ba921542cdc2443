"""docs/benchmarks/index.md gives a verdict on every claim that a script measures."""

import re
from typing import NamedTuple

import pytest

from tests.docs.pages import ROOT

FOLDER = ROOT / "docs" / "benchmarks"
VERDICTS = ("holds", "**missed**", "not shown", "not measured", "no claim")
# What only prepares another script's tables.
PREPARES = {"search_curves.py"}


class Claim(NamedTuple):
    claim: str
    verdict: str
    figure: str
    command: str


def _claims():
    rows = re.findall(r"^\| (.+) \|$", (FOLDER / "index.md").read_text("utf-8"), re.M)
    return [Claim(*(cell.strip() for cell in row.split("|"))) for row in rows[1:]]


CLAIMS = _claims()


@pytest.mark.parametrize("claim", CLAIMS, ids=lambda claim: claim.claim)
def test_a_claim_has_a_verdict_and_a_figure(claim):
    assert claim.verdict.startswith(VERDICTS)
    assert claim.figure
    if claim.verdict != "not measured":
        assert re.search(r"n = \d|\d (seeds|draws)", claim.figure)


def test_every_script_and_every_page_stands_in_the_table():
    commands = [claim.command for claim in CLAIMS if claim.command]
    named = {re.fullmatch(r"`python benchmarks/(\w+\.py).*`", text)[1] for text in commands}
    scripts = {path.name for path in (ROOT / "benchmarks").glob("*.py")}
    assert named == scripts - PREPARES
    linked = set(re.findall(r"\]\(([\w-]+\.md)\)", " ".join(claim.claim for claim in CLAIMS)))
    assert linked == {path.name for path in FOLDER.glob("*.md")} - {"index.md"}


@pytest.mark.parametrize("page", sorted(FOLDER.glob("*.md")), ids=lambda page: page.name)
def test_a_page_has_its_command(page):
    if page.name == "index.md":
        return
    script = f"benchmarks/{page.stem.replace('-', '_')}.py"
    assert f"python {script}" in page.read_text("utf-8")
