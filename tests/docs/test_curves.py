"""The guide to curves quotes what the doctor says of the trainings that it shows."""

import re

import pytest

from benchmarks.studies.ill_trainings import TRAININGS, read
from kerasrecipes.diagnostics import diagnose
from tests.docs.pages import ROOT

PAGE = (ROOT / "docs" / "guides" / "curves.md").read_text("utf-8")
HISTORIES = read()
# Told of trainings that guess, which is what the page says.
EVEN = {"class_counts": [90] * 10}
FACTS = {"learning_rate_too_high": EVEN, "labels_unrelated": EVEN}
# Healthy, or not to be seen in curves.
SILENT = {"healthy", "step_decay", "restarts", "data_leak"}


def test_the_page_shows_every_training():
    shown = re.findall(r"\.\./images/curves_(\w+)\.svg", PAGE)
    assert shown == list(HISTORIES)
    assert list(HISTORIES) == list(TRAININGS)
    for name in shown:
        assert (ROOT / "docs" / "images" / f"curves_{name}.svg").is_file()


@pytest.mark.parametrize("name", HISTORIES)
def test_the_doctor_says_what_the_page_quotes(name):
    findings = diagnose(HISTORIES[name], **FACTS.get(name, {})).findings
    section = PAGE.partition(f"curves_{name}.svg")[2].partition("![")[0]
    quoted = " ".join(re.findall(r"^> (.*)$", section, re.M))
    if name in SILENT:
        assert quoted == "Nothing is wrong."
        assert not findings
    else:
        assert quoted == f"{findings[0].severity}: {findings[0].sentence}"
        assert findings[0].id == name.replace("penalty", "regularization")
