import numpy as np
import pytest

from kerasrecipes.metrics.calibration import coverage_curve, threshold_for, two_class_curves
from kerasrecipes.report.run.run_page import render
from kerasrecipes.report.run.thresholds_section import abstention, two_classes


def predictions(n, classes, seed):
    """Labels, and probabilities that know them imperfectly."""
    random = np.random.default_rng(seed)
    logits = random.normal(size=(n, classes)) * 2
    probabilities = np.exp(logits) / np.exp(logits).sum(-1, keepdims=True)
    labels = (random.random((n, 1)) > probabilities.cumsum(-1)).sum(-1)
    return labels, probabilities


@pytest.fixture
def judged(run):
    """The run with validation and test of as many classes as are given."""

    def judged(classes, n=200):
        run.data["class_names"] = [f"class {label}" for label in range(classes)]
        for seed, split in enumerate(("validation", "test")):
            labels, probabilities = predictions(n, classes, seed)
            run.predictions[f"{split}_labels"] = labels
            run.predictions[f"{split}_probabilities"] = probabilities
        # These are of three classes.
        run.examples = {}
        run.data.pop("class_counts", None)
        return run

    return judged


def test_confidences_are_chosen_on_validation_and_checked_on_test(judged):
    run = judged(3)
    found = abstention(run)
    own = np.mean(run.predictions["validation_probabilities"].argmax(-1) ==
                  run.predictions["validation_labels"])  # fmt: skip
    assert all(each.wanted > own for each in found["thresholds"])
    on_validation = coverage_curve(
        run.predictions["validation_labels"], run.predictions["validation_probabilities"]
    )
    labels, probabilities = run.predictions["test_labels"], run.predictions["test_probabilities"]
    for each in found["thresholds"]:
        threshold = on_validation.threshold_for(each.wanted).threshold
        answered = probabilities.max(-1) >= threshold
        assert each.checked.threshold == threshold
        assert each.checked.coverage == answered.mean()
        assert each.checked.accuracy == np.mean((probabilities.argmax(-1) == labels)[answered])
    page = " ".join(render(run).split())
    assert "<h2>Abstaining" in page
    assert "chosen on 200 validation images" in page
    assert "Two classes" not in page


def test_two_classes_have_curves_and_thresholds(judged):
    run = judged(2)
    found = two_classes(run)
    of_test = run.predictions["test_labels"], run.predictions["test_probabilities"]
    assert found["curves"].roc_auc == two_class_curves(*of_test).roc_auc
    chosen = threshold_for(
        run.predictions["validation_labels"],
        run.predictions["validation_probabilities"],
        recall=0.95,
    )
    of_recall = found["thresholds"][1].checked
    counted = of_test[1][:, 1] >= chosen.threshold
    assert of_recall.recall == np.mean(counted[of_test[0] == 1])
    assert of_recall.precision == np.mean(of_test[0][counted])
    page = " ".join(render(run).split())
    assert "class 1 against class 0, 200 images of the test split" in page
    assert "(DeLong)" in page
    for word in ("ROC curve", "precision over recall", "accuracy of the answers"):
        assert f'aria-label="{word}' in page


def test_few_images_are_said_to_be_few(judged):
    assert "10 images are few to judge probabilities by" in render(judged(3, n=10))
    assert "are few to judge" not in render(judged(3))


def test_without_validation_nothing_is_chosen(judged):
    run = judged(2)
    del run.predictions["validation_labels"], run.predictions["validation_probabilities"]
    assert not abstention(run)["thresholds"]
    assert not two_classes(run)["thresholds"]
    assert "Thresholds are probabilities" not in render(run)


def test_one_class_alone_has_no_curves(judged):
    run = judged(2)
    run.predictions["test_labels"] = np.zeros(200, "int32")
    assert two_classes(run) is None
