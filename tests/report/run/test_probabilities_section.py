import json

import numpy as np
import pytest

from kerasrecipes.report.run.probabilities_section import calibration, reliability_diagram
from kerasrecipes.report.run.run_page import render
from kerasrecipes.runs import calibration_of, temperature_of


def test_the_section_has_the_scores_of_the_judged_split(run):
    found = calibration(run)
    scored = calibration_of(run.predictions["test_labels"], run.predictions["test_probabilities"])
    assert (found["split"], found["n"], found["temperature"]) == ("test", 12, None)
    assert found["rows"][0]["error"] == scored.error == pytest.approx(0.05)
    page = " ".join(render(run).split())
    assert f'<td class="number">5.0%</td>' in page  # noqa: F541
    assert "The mean confidence is 5.0% above the accuracy." in page


def test_a_temperature_of_validation_is_tried_on_test(run):
    of_test = {name.removeprefix("test_"): value for name, value in run.predictions.items()}
    run.predictions |= {f"validation_{name}": value for name, value in of_test.items()}
    found = calibration(run)
    temperature = temperature_of(run.predictions)
    assert found["temperature"] == temperature
    scaled = calibration_of(of_test["labels"], temperature.apply(of_test["probabilities"]))
    assert found["rows"][1]["log_loss"] == scaled.log_loss < found["rows"][0]["log_loss"]
    assert f"with the temperature {temperature.value:.3g}" in render(run)
    del run.predictions["test_labels"], run.predictions["test_probabilities"]
    assert calibration(run)["temperature"] is None


def test_what_is_off_by_design_is_said(run):
    options = run.recipe.flatten() | {"class_weight": "balanced"}
    run.recipe.flatten = lambda: options
    assert "Classes were weighted or evened out in training" in render(run)


def test_without_probabilities_there_is_no_section(run, unfinished):
    assert calibration(unfinished) is None
    run.predictions["test_probabilities"] = np.full((12, 3), np.nan)
    assert calibration(run) is None


def test_the_diagram_has_a_point_a_bin_and_no_empty_ones():
    labels, second = np.array([0, 1] * 40), np.linspace(0.05, 0.95, 80)
    found = calibration_of(labels, np.stack([1 - second, second], -1))
    svg = reliability_diagram(found.bins)
    assert svg.startswith("<svg")
    assert "accuracy" in svg
    assert svg.count("<use") >= 4


def test_members_of_an_ensemble_are_a_table(run):
    scores = {"validation": {"accuracy": 0.9, "log_loss": 0.3}}
    members = [
        {"folder": "runs/<one>", "weight": 0.25, **scores},
        {"folder": "runs/two", "weight": 0.75, **scores},
    ]
    (run.folder / "ensemble.json").write_text(json.dumps({"members": members}))
    page = render(run)
    assert "&lt;one&gt;" in page
    assert "<one>" not in page
    assert "the mean of the probabilities of 2 models" in page
    assert "Test accuracy" not in page
