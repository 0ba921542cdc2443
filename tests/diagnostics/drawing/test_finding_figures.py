import pytest

from kerasrecipes.diagnostics.drawing.finding_figures import finding_figure
from kerasrecipes.diagnostics.findings.catalogue import KINDS
from kerasrecipes.diagnostics.findings.finding import Finding
from kerasrecipes.diagnostics.record.record import Record
from kerasrecipes.diagnostics.record.series import Series
from tests.diagnostics.measured import measured
from tests.page.drawn import texts


@pytest.fixture(scope="module")
def record():
    return measured()


def caption(kind, record, **options):
    figure = finding_figure(Finding(kind, "", 0.5, **options), record)
    return figure and figure.caption


def test_every_kind_has_its_figure(record):
    captions = {kind: caption(kind, record) for kind in KINDS}
    without = {kind for kind, text in captions.items() if text is None}
    assert without == {"wrong_input_shape", "wrong_gradient"}
    assert captions["learning_rate_too_high"] == "loss of a few steps at ever higher learning rates"
    assert captions["overfitting"] == "loss by epoch"
    assert captions["dying_relu"].startswith("units of each layer that answer 0 to everything")
    assert captions["vanishing_gradient"].endswith("logarithmic, after 10 epochs")
    assert captions["bad_initialization"].endswith("before the training")
    assert captions["labels_unrelated"].startswith("loss after 30 steps on the data")
    assert captions["train_inference_mismatch"] == "loss on the same batch"
    assert captions["class_imbalance"] == "samples of each class"
    assert captions["majority_collapse"] == "share of the most frequent class"
    assert captions["inputs_not_scaled"].startswith("range of each column")
    assert captions["targets_not_scaled"].startswith("ranges of the targets")


def test_nothing_measured_is_no_figure():
    for kind in KINDS:
        assert caption(kind, Record()) is None
        assert caption(kind, None) is None


def test_the_epochs_of_the_evidence_are_marked(record):
    evidence = {"best_epoch": 5, "lowest": 1.15}
    figure = finding_figure(Finding("overfitting", "", 0.5, evidence=evidence), record)
    assert "best epoch 5" in texts(figure.svg)


def test_the_metric_of_the_evidence_is_drawn(record):
    evidence = {"metric": "val_accuracy"}
    assert caption("overfitting", record, evidence=evidence) == "accuracy by epoch"
    assert caption("overfitting", record, evidence={"metric": "auc"}) == "loss by epoch"


def test_a_curve_is_no_figure_of_shapes_unless_an_epoch_is_named(record):
    assert caption("wrong_input_shape", record, evidence={"epoch": 2}) == "loss by epoch"


def test_a_rate_is_seen_in_the_curves_where_no_range_was_tested(record):
    assert caption("learning_rate_too_high", record.without("trials")) == "loss by epoch"


def test_steps_are_drawn_where_there_are_no_epochs():
    steps = {"step": [1, 2, 3], "loss": [1.0, 2.0, None]}
    record = Record(series=Series({"loss": [2.0]}, steps=steps))
    assert caption("loss_not_finite", record) == "loss by step"
    assert caption("loss_not_finite", Record(series=Series({"loss": [2.0]}))) is None


def test_a_finding_at_an_output_shows_that_output(record):
    assert caption("class_imbalance", record, where="logits") == "samples of each class"
