import html
import os
import re
import subprocess
import sys
from pathlib import Path

import matplotlib
import numpy as np
import pytest

from kerasrecipes.report import write_report
from kerasrecipes.report.run.run_page import render
from tests.diagnostics.measured import diagnosed, measured
from tests.page.reading import Page

EVIL = "<script>alert(1)</script>"
EVIL_ATTRIBUTE = '"><img src=x onerror=alert(2)>'


def read(run) -> Page:
    return Page(render(run))


@pytest.fixture(scope="module")
def page(unaltered) -> Page:
    return read(unaltered)


def test_writes_report_html_into_the_run_folder(run):
    path = write_report(run)
    assert path == run.folder / "report.html"
    assert read(run).source == path.read_text("utf-8")
    assert os.listdir(run.folder) == ["report.html"]


def test_a_failed_write_leaves_the_previous_page(run, monkeypatch):
    page = write_report(run).read_bytes()

    def full(*_):
        raise OSError("No space left on device")

    run.name = "another"
    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(OSError, match="No space left"):
        write_report(run)
    assert os.listdir(run.folder) == ["report.html"]
    assert (run.folder / "report.html").read_bytes() == page


def test_the_same_run_gives_the_same_bytes_whatever_the_users_matplotlib(run):
    page = render(run)
    with matplotlib.rc_context({"lines.linewidth": 9, "axes.facecolor": "red", "font.size": 30}):
        assert render(run) == page


def test_needs_no_network_and_no_script(page):
    assert "script" not in page.tags
    assert "link" not in page.tags
    for name, value in page.attributes:
        if name in ("src", "href", "xlink:href"):
            assert value.startswith(("data:image/", "#"))
    assert not re.findall(r"url\((?!#)", page.source)
    assert "@import" not in page.source


def test_ids_are_unique_and_references_are_met(page):
    attributes = page.attributes
    ids = [value for name, value in attributes if name == "id"]
    used = {value[1:] for name, value in attributes if name == "href"}
    used |= set(re.findall(r"url\(#([^)]*)\)", page.source))
    assert len(ids) == len(set(ids))
    assert used <= set(ids)


def test_headline_quotes_test_with_interval_and_n(page):
    text = page.text
    assert "75.0% accuracy on test" in text
    assert "95% interval 46.8% to 91.1% (Wilson) 3 mistakes in 12 images" in text
    assert "Validation accuracy 81.2%" in text
    assert "flatters" not in text


def test_without_a_test_split_the_headline_says_so(run):
    run.metrics["test"] = None
    run.predictions = {f"validation_{k[5:]}": v for k, v in run.predictions.items()}
    text = read(run).text
    assert "81.2% accuracy on validation 3 mistakes in 16 images" in text
    assert "no test split, and this one chose the epoch: the score flatters the model" in text
    assert "(Wilson)" not in text
    assert "12 images of the validation split" in text


def test_images_that_were_trained_on_are_no_headline(run):
    run.metrics["test"] = None
    run.predictions = {f"validation_{k[5:]}": v for k, v in run.predictions.items()}
    run.validates_on_training_images = True
    text = read(run).text
    assert "– no image was kept from training That the network is right on 81.2%" in text
    assert "--set data.fold=0 scores a fold that it did not see." in text
    assert "accuracy on validation" not in text
    assert "There is no test split" not in text


def test_nothing_is_fitted_to_images_that_were_trained_on(run):
    told = "12 images of the validation split"
    run.metrics["test"] = None
    run.predictions = {f"validation_{k[5:]}": v for k, v in run.predictions.items()}
    assert f"Probabilities {told}" in read(run).text
    run.validates_on_training_images = True
    assert f"Probabilities {told}" not in read(run).text


def test_summary_says_what_was_trained_on_what(page):
    assert (
        "MLP with 12,345 trainable parameters, trained on 1,234 images (6 × 8 × 3) of 3 classes "
        "for 5 epochs in 1 min 23 s; the weights kept are those of epoch 4, the best by "
        "val_accuracy. Data: a folder of photographs."
    ) in page.text


def test_shows_the_numbers_of_the_kept_epoch(page):
    text = page.text
    assert "Loss train 0.25, validation 0.3125" in text
    assert "Accuracy train 87.5%, validation 81.2%" in text
    assert "epoch 4 kept" in text


def test_draws_the_monitored_metric_too(run):
    for row in run.history:
        row["val_f1_score"] = 0.5
    run.metrics["monitor"] = "val_f1_score"
    assert "F1_score validation 0.5" in read(run).text


def test_per_class_scores(page):
    # 3 of 4 cats are found, among 5 images called cat.
    text = page.text
    assert "cat 60.0% 75.0% 30.1% to 95.4% 66.7% 4" in text
    assert "dog 80.0% 100.0% 51.0% to 100.0% 88.9% 4" in text
    assert "owl 100.0% 50.0% 15.0% to 85.0% 66.7% 4" in text
    assert "Mean of classes 80.0% 75.0% 74.1%" in text
    assert re.findall(r'class="lowest"><th scope="row">(\w+)', page.source) == ["owl"]


def test_many_classes_give_confused_pairs_and_recall_instead_of_a_matrix(run):
    names = [f"class-{i}" for i in range(21)]
    labels = np.repeat(np.arange(21), 5)
    predicted = labels.copy()
    predicted[:3] = 7
    predicted[5] = 9
    run.data.update(class_names=names, class_counts={"train": [5] * 21})
    run.predictions = {"test_labels": labels, "test_probabilities": np.eye(21)[predicted]}
    run.examples = {}
    page = read(run)
    assert "Confusion matrix" not in page.text
    assert "class-0 class-7 3 60.0% class-1 class-9 1 20.0% Lowest recall" in page.text
    assert "class-0 100.0% 40.0% 11.8% to 76.9% 57.1% 5 class-1 100.0% 80.0% 37" in page.text
    assert "All 21 classes" in page.text


def test_mistakes_and_augmentation_are_shown_as_pictures(page):
    assert page.tags.count("img") == 3 + 2 * (1 + 4)
    assert "is cat taken for dog at 80.0%" in page.text
    alternatives = [value for name, value in page.attributes if name == "alt"]
    assert alternatives[:2] == ["cat, taken for dog", "owl, taken for cat"]
    assert alternatives[3:5] == ["dog, as it is", "dog, augmented"]


def test_says_how_many_of_the_mistakes_it_shows(run):
    run.examples = {k: v[:2] for k, v in run.examples.items()}
    assert "Most confident mistakes 2 of 3, test split" in read(run).text


def test_a_run_without_mistakes(run):
    run.predictions["test_probabilities"] = np.eye(3)[run.predictions["test_labels"]]
    run.examples = {}
    assert "every image was classified correctly" in read(run).text


def test_recipe_is_a_table_of_paths_and_json_to_copy(page):
    text = page.text
    assert "augment. 0. mode horizontal" in text
    assert "model. units [32, 16]" in text
    assert "optimizer. nesterov true" in text
    assert '"kerasrecipes": 1' in text


def test_data_counts_and_skipped_files(run):
    run.data["skipped"] = [[f"train/cat/{i}.jpg", "truncated"] for i in range(101)]
    text = read(run).text
    assert "cat 400 5 4" in text
    assert "Skipped files: 101" in text
    assert "train/cat/99.jpg truncated" in text
    assert "train/cat/100.jpg" not in text
    assert "data.json lists the others" in text


def test_environment_is_flattened(page):
    assert "backend jax seed 7 wall_seconds 83.0 versions. keras 3" in page.text


def test_an_unfinished_run_says_so(unfinished):
    text = read(unfinished).text
    assert "This run has not finished. 2 of 5 epochs are done; there is no score yet." in text
    assert "for 2 epochs in 4.0 s" in text
    assert "Learning rate" in text
    assert "Classes" not in text


def test_a_run_that_has_not_begun_says_so(unfinished):
    unfinished.history, unfinished.data = [], {}
    text = read(unfinished).text
    assert "0 of 5 epochs are done" in text
    assert "No epoch has been finished, so there are no curves." in text
    assert "model. units [32, 16]" in text


@pytest.mark.parametrize("loss", [float("nan"), float("inf")])
@pytest.mark.parametrize("first", [1, 3])
def test_a_diverged_run_says_when(unfinished, run, loss, first):
    unfinished.history = run.history
    for row in run.history[first - 1 :]:
        row["loss"] = row["val_loss"] = loss
    page = read(unfinished)
    assert f"The loss diverged at epoch {first}." in page.text
    assert page.tags.count("svg") == (2 if first == 1 else 3)


def test_a_finished_run_may_have_a_nan_score(run):
    run.metrics["test"] |= {"loss": float("nan"), "accuracy": float("nan")}
    run.predictions["test_probabilities"][:] = np.nan
    assert "– accuracy on test" in read(run).text


def test_everything_from_outside_is_escaped(run):
    evil = EVIL + EVIL_ATTRIBUTE
    run.name = run.recipe.model.name = run.recipe.fingerprint = evil
    run.recipe.flatten()[evil] = {"deep": [evil]}
    run.data.update(class_names=[EVIL, EVIL_ATTRIBUTE, "$x_1$"], source=evil, resize=evil)
    run.data.update(hash=evil, skipped=[[evil, evil]])
    run.data["class_counts"] = {"train": [1, 2, 3], evil: [1, 2, 3]}
    run.data["sizes"] = {"train": 6, evil: 6}
    run.environment = {evil: evil, "seed": evil}
    run.metrics["monitor"] = evil
    for row in run.history:
        row[evil] = 1.0
    page = read(run)
    clean = read(run.__class__(**{**vars(run), "name": "clean"}))
    assert "script" not in page.tags
    assert page.tags.count("img") == clean.tags.count("img") == 13
    assert not any(name.startswith("on") for name, _ in page.attributes)
    assert "<script" not in page.source
    assert "<img src=x" not in page.source
    assert page.text.count(EVIL) > 20


def test_class_names_are_escaped_inside_the_confusion_matrix(run):
    run.data["class_names"] = ["<b>a</b>", "a & b", "$x_1$"]
    svg = re.search(r'<svg[^>]*aria-label="Confusion.*?</svg>', render(run), re.DOTALL).group()
    texts = re.findall(r"<text[^>]*>([^<]*)</text>", svg)
    for name in run.data["class_names"]:
        assert texts.count(html.escape(name, quote=False)) == 2


def test_names_that_are_no_unicode_do_not_stop_the_page(run):
    run.data["class_names"] = ["caf\udce9", "two\nlines", "漢字"]
    run.data["skipped"] = [["caf\udce9.jpg", "truncated"]]
    assert "caf?.jpg" in write_report(run).read_text("utf-8")


def test_colours_of_figures_are_the_pages(page):
    style, body = page.source.split("</style>")
    used = set(re.findall(r"var\((--[\w-]+)\)", body))
    assert {"--ink", "--train", "--validation", "--heat-10"} <= used
    for name in used:
        assert style.count(f"{name}:") == 2, "once for light, once for dark"
    assert not re.findall(r"#[0-9a-f]{6}", body)


def test_a_typical_page_is_small(run):
    random = np.random.default_rng(0)
    photographs = random.integers(0, 256, (24, 224, 224, 3), dtype="uint8")
    run.examples |= {
        "mistakes": photographs,
        "mistake_true": np.zeros(24, int),
        "mistake_predicted": np.ones(24, int),
        "mistake_probability": np.ones(24),
    }
    run.history = [{**run.history[0], "epoch": epoch} for epoch in range(1, 301)]
    assert len(render(run)) < 1_500_000, "noise is the worst that JPEG can be given"


def test_imports_no_deep_learning_framework():
    code = (
        "import sys, kerasrecipes.report;"
        "print(sorted({'keras', 'tensorflow', 'jax', 'torch'} & set(sys.modules)))"
    )
    root = Path(__file__).parents[3]
    done = subprocess.run([sys.executable, "-c", code], cwd=root, capture_output=True, text=True)
    assert done.stdout == "[]\n", done.stderr


def test_opens_with_what_the_doctor_found(run):
    run.diagnosis, run.record = diagnosed(), measured()
    text = read(run).text
    assert "Diagnosis 2 things are wrong and 1 thing is worth a look" in text
    assert text.index("rose to 1.9") < text.index("Is the loss finite? nothing found")
    assert text.index("Is the loss finite?") < text.index("Layers over time")
    assert text.index("Layers over time") < text.index("Confusion matrix")
    assert "best epoch 5" in text


def test_a_run_without_the_doctor_is_diagnosed_by_its_history(run, unfinished):
    text = read(run).text
    assert "Diagnosis" in text
    assert "Layers over time" not in text
    assert "Diagnosis" not in read(unfinished).text


def explained(run):
    """A run whose mistakes are explained, and have names."""
    run.examples["mistake_name"] = np.array(["cat/1.png", EVIL, "owl/3.png"])
    maps = np.random.default_rng(0).uniform(-0.2, 0.4, (3, 6, 8)).astype("float16")
    np.savez(run.folder / "explanations.npz", grad_cam=maps[:, ::3, ::4] ** 2, occlusion=maps[:2])
    return run, maps


def test_mistakes_have_the_names_of_their_files_and_what_the_model_looked_at(run):
    run, maps = explained(run)
    page = read(run)
    mistakes = page.source.split("<h2>Most confident mistakes")[1].split("</section>")[0]
    assert [figure.count("<img") for figure in mistakes.split("<figure>")[1:]] == [3, 3, 2]
    assert f"covered: −{100 * float(maps[1].max()):.1f} points" in mistakes
    assert "by Grad-CAM and occlusion; in blue" in mistakes
    assert "cat/1.png" in page.text
    assert EVIL in page.text
    assert "script" not in page.tags


def test_mistakes_of_older_runs_are_shown_without(page):
    assert "in blue" not in page.text
    assert "They are not explained" not in page.text


def test_what_cannot_be_explained_does_not_keep_the_page_from_being_written(run):
    (run.folder / "explanations.npz").write_bytes(b"PK")
    assert "They are not explained: " in read(run).text
    assert "delete it: the report then computes it anew" in read(run).text


def test_the_most_frequent_class_stands_beside_the_score(page):
    assert "33.3% by always answering owl, the most frequent class in training" in page.text
