import json

import pytest

from kerasrecipes.report.run.members_section import members
from kerasrecipes.report.run.run_page import render

SCORES = {"validation": {"accuracy": 0.9, "log_loss": 0.3}}
ROWS = [{"folder": f"runs/{name}", "weight": 0.5, **SCORES} for name in ("one", "two", "three")]
APART = [[0.0, 0.1, 0.2], [0.1, 0.0, 0.3], [0.2, 0.3, 0.0]]


def test_disagreement_of_members_is_a_table_and_a_mean(run):
    told = {"members": ROWS, "disagreement": {"validation": APART}}
    (run.folder / "ensemble.json").write_text(json.dumps(told))
    found = members(run)
    assert found["judged"] == "validation"
    assert found["mean_disagreement"] == pytest.approx(0.2)
    assert found["mean_error"] == pytest.approx(0.1)
    page = " ".join(render(run).split())
    assert "give 20.0% of the validation images different classes on average" in page
    assert '<th scope="row">2: two</th><td class="number">10.0%</td><td class="number">–' in page


def test_one_member_and_none_have_no_disagreement(run):
    assert members(run) is None
    told = {"members": ROWS[:1], "disagreement": {"validation": [[0.0]]}}
    (run.folder / "ensemble.json").write_text(json.dumps(told))
    assert members(run)["judged"] is None
    assert "Disagreement" not in render(run)
