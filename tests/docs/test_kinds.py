"""The reference lists every kind of finding, with its title."""

import re

from kerasrecipes.diagnostics.findings.catalogue import KINDS
from tests.docs.pages import ROOT


def test_every_kind_of_finding_is_listed():
    page = (ROOT / "docs" / "reference" / "diagnostics.md").read_text("utf-8")
    rows = re.findall(r"^\| `(\w+)` \| (.+) \|$", page, re.M)
    assert rows == [(id, kind.title) for id, kind in KINDS.items()]
