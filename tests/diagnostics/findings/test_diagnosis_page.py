import re
from dataclasses import replace

import pytest

from kerasrecipes.diagnostics.findings.catalogue import KINDS
from kerasrecipes.diagnostics.findings.diagnosis import Diagnosis, NotRun
from kerasrecipes.diagnostics.findings.diagnosis_page import fragment, page, sections
from kerasrecipes.diagnostics.findings.finding import Finding
from tests.diagnostics.measured import diagnosed, measured
from tests.page.reading import Page

EVIL = "<script>alert(1)</script>"


@pytest.fixture(scope="module")
def shown() -> Page:
    return Page(page(diagnosed(), measured()))


def test_findings_come_first_with_all_that_is_known_of_them(shown):
    text = shown.text
    assert text.index("17 times") < text.index("rose to 1.9") < text.index("9 of 10 units")
    assert "2 things are wrong and 1 thing is worth a look" in text
    assert "error The learning rate is too high" in text
    assert "85% sure. It is easily confused with: the gradient explodes, the inputs are" in text
    assert "--set optimizer.learning_rate=0.003" in text
    assert "best epoch 5" in text
    assert "dead fraction 0.9" in text
    assert KINDS["overfitting"].remedy in text
    assert "Units of relu answer 0 to everything backbone/block_three/conv3" in text


def test_checks_that_passed_and_those_that_did_not_run(shown):
    assert "Is the loss finite? nothing found" in shown.text
    assert "Do validation samples occur in training? not run: A generator was given." in shown.text
    assert "Checks: 2 found nothing, 1 could not run" in shown.text


def test_layers_are_shown_over_time(shown):
    assert "Layers over time 11 looks at a fixed batch of 32 samples" in shown.text
    assert shown.text.count("finished epochs") == 4
    resumed = replace(measured(), probes=measured().probes[3:])
    assert "8 looks at a fixed batch of 32 samples, since epoch 3" in sections(Diagnosis(), resumed)


def test_the_summary_says_what_was_trained(shown):
    assert (
        "Functional model, 1,200 trainable parameters; loss sparse_categorical_crossentropy; "
        "Adam at 0.05; 900 training samples; 10 epochs" in shown.text
    )


def test_needs_no_network_and_no_script(shown):
    assert {"script", "link", "img"}.isdisjoint(shown.tags)
    assert not re.findall(r"url\((?!#)", shown.source)
    assert "http" not in shown.source.replace("http-equiv", "")


def test_ids_are_unique_and_references_are_met():
    everything = Diagnosis(tuple(Finding(kind, "", 0.5) for kind in KINDS))
    attributes = Page(page(everything, measured())).attributes
    ids = [value for name, value in attributes if name == "id"]
    used = {value[1:] for name, value in attributes if name == "href"}
    assert len(ids) == len(set(ids))
    assert used <= set(ids)


def test_names_in_backticks_are_code(shown):
    assert "<code>backbone/block_three/conv3</code>" in shown.source


@pytest.mark.parametrize("write", [page, fragment, lambda d: f"<p>{sections(d)}</p>"])
def test_what_others_wrote_is_text(write):
    finding = Finding(
        "overfitting", f"`{EVIL}`", 0.5, "note", {EVIL: EVIL}, EVIL, EVIL, {EVIL: EVIL}
    )
    evil = Diagnosis((finding,), (EVIL,), (NotRun(EVIL, EVIL),))
    shown = Page(write(evil))
    assert "script" not in shown.tags
    assert shown.source.count("&lt;script&gt;") >= 9


def test_without_findings_and_record():
    text = Page(page(Diagnosis(passed=("Is the loss finite?",)))).text
    assert "Nothing is wrong, as far as 1 check can see." in text
    assert "Layers over time" not in text
    assert "Versions" not in text


def test_kinds_that_were_left_out_are_named():
    assert "Left out, as was asked for: overfitting." in sections(
        Diagnosis(ignored=("overfitting",))
    )


def test_values_of_the_evidence_are_written_for_readers():
    evidence = {
        "loss": None, "by_class": {"cat": 0.123456, "dog": 2}, "stopped": True, "samples": 12345,
        "losses": [0.5] * 10,
    }  # fmt: skip
    text = Page(fragment(Diagnosis((Finding("overfitting", "", 0.5, evidence=evidence),)))).text
    assert "loss not finite" in text
    assert "by class cat: 0.1235, dog: 2" in text
    assert "stopped yes" in text
    assert "samples 12,345" in text
    assert "0.5 and 2 more" in text


def test_a_notebook_shows_alarms_unfolded():
    shown = diagnosed()._repr_html_()
    assert re.findall(r'<details class="(\w+)"( open)?>', shown) == [
        ("error", " open"), ("warning", " open"), ("note", "")
    ]  # fmt: skip
    Page(shown)


def test_write_draws_from_the_record(tmp_path):
    path = diagnosed().write(tmp_path / "doctor.html", measured())
    assert path.read_text("utf-8") == page(diagnosed(), measured())
    assert "<svg" not in diagnosed().write(path).read_text("utf-8")
