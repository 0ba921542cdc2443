"""What `evaluate` says of probabilities: thresholds, views of unsure images, dropout masks."""

import re

import pytest

from kerasrecipes.cli import console
from kerasrecipes.runs.thresholds import answering_threshold, stored, two_class_threshold
from tests.digits_run import digits_run


def test_confidences_for_an_accuracy_are_checked_on_test(output):
    run = digits_run()
    code, out, err = output(console, ["evaluate", str(run.folder), "--accuracy", "0.99"])
    assert (code, err) == (0, "")
    found = answering_threshold(
        stored(run.predictions, "validation"), stored(run.predictions, "test"), 0.99
    )
    (line,) = (line for line in out.splitlines() if line.startswith("answering from"))
    assert f"{100 * found.checked.coverage:.1f}% of the images are answered" in line
    assert f"n = {found.checked.answered})" in line
    assert "chosen on 179 validation images for 99.0% accuracy" in line


def test_two_classes_have_areas_and_thresholds(output):
    run = digits_run(data__classes=(3, 8), epochs=4)
    given = ["evaluate", str(run.folder), "--recall", "0.9"]
    code, out, err = output(console, given)
    assert (code, err) == (0, "")
    assert "'8' against '3': area below the ROC curve" in out
    found = two_class_threshold(
        stored(run.predictions, "validation"), stored(run.predictions, "test"), recall=0.9
    )
    assert f"recall {100 * found.checked.recall:.1f}%" in out
    _, out, _ = output(console, [*given, "--split", "validation"])
    assert "chosen on these images" in out
    assert "images are few to judge probabilities by" in out


def test_views_of_unsure_images_are_shown_beside_none_and_all(output):
    given = ["evaluate", str(digits_run().folder), "--tta", "shifts"]
    code, out, err = output(console, [*given, "--unsure-only"])
    assert (code, err) == (0, "")
    rows = [line.split("  ") for line in out.splitlines()[1:4]]
    assert [row[0].strip() for row in rows] == ["none", "of unsure images", "of all images"]
    assert "up to a confidence of" in out or "bring nothing on validation" in out


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (["--unsure-only"], "needs `--test-time-augmentation`"),
        (["--unsure-only", "--tta", "turn"], "must be one of 'flip'"),
        (["--unsure-only", "--tta", "flip", "--data", "Digits"], "is of the run's own images"),
        (["--unsure-only", "--tta", "flip", "--split", "train"], "of validation or test"),
        (["--monte-carlo-dropout", "5", "--tta", "flip"], "not both"),
        (["--monte-carlo-dropout", "5"], "must have a dropout layer"),
        (["--precision", "0.9"], "is for two classes.*a run of 10 classes"),
        (["--accuracy", "1.5"], "`--accuracy` must be"),
    ],
)
def test_options_that_do_not_fit_are_told(options, message, output):
    code, _, err = output(console, ["evaluate", str(digits_run().folder), *options])
    assert code == 2
    assert re.search(message, err)


def test_dropout_masks_of_any_run_are_one_line(output):
    given = [
        "evaluate",
        str(digits_run(model__dropout_rate=0.5).folder),
        "--monte-carlo-dropout",
        "5",
    ]
    code, out, err = output(console, [*given, "--split", "validation"])
    assert (code, err) == (0, "")
    lines = out.splitlines()
    assert lines[0].startswith("without dropout: accuracy")
    assert lines[0].endswith("on validation")
    assert lines[1].startswith("mean of 5 masks: accuracy")
    assert lines[-1].startswith("a mistake is more uncertain than a right answer in")
