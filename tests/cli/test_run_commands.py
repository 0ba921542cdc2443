"""`predict`, `evaluate`, `compare` and `export`, as a user types them."""

import csv
import json
import shutil
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
from sklearn.metrics import balanced_accuracy_score, recall_score

from kerasrecipes.cli import console
from kerasrecipes.data import Digits
from kerasrecipes.page.formats import number
from kerasrecipes.runs import (
    adjusted_probabilities,
    calibration_of,
    evaluate_stored,
    logit_adjusted,
    mcnemar,
    temperature_of,
)
from tests.digits_run import digits_run, write_digits


@pytest.fixture
def run():
    return str(digits_run().folder)


def test_predict_prints_a_row_an_image_and_names_the_broken(run, output):
    places = write_digits(Path("pictures"), 12)
    broken = list(places)[4]
    broken.write_bytes(b"")
    code, out, err = output(console, ["predict", run, "pictures"])
    header, *rows = out.splitlines()
    assert (code, header.split()) == (0, ["image", "1", "2", "3", "4", "5"])
    best = digits_run().predictions["test_probabilities"].argmax(-1)
    expected = {str(path): str(best[place]) for path, place in places.items() if path != broken}
    assert {row.split()[0]: row.split()[1] for row in rows} == expected
    assert err.splitlines() == [
        f"broken: {broken}: the file is empty (zero bytes)",
        "1 of 12 images are broken: skipped.",
    ]


def test_predict_writes_csv_whole_or_not_at_all(run, output):
    places = write_digits(Path("pictures"), 3)
    assert output(console, ["predict", run, "pictures", "--csv", "out.csv"])[1] == (
        "3 images: out.csv\n"
    )
    written = Path("out.csv").read_text()
    assert output(console, ["predict", run, "pictures", "--csv", "-"])[1] == written
    probabilities = digits_run().predictions["test_probabilities"]
    for row in csv.DictReader(written.splitlines()):
        of_image = probabilities[places[Path(row["image"])]]
        for rank, p in enumerate(sorted(of_image, reverse=True)[:5], start=1):
            assert float(row[f"probability_{rank}"]) == pytest.approx(p, rel=1e-3)
    Path("fake.png").write_text("no image")
    code, _, err = output(console, ["predict", run, "fake.png", "--csv", "none.csv"])
    assert (code, Path("none.csv").exists()) == (2, False)
    assert err.endswith("error: There is no image that can be read: 1 broken.\n")


def test_predict_takes_the_frequencies_of_the_classes_off(run, output):
    places = write_digits(Path("pictures"), 3)
    output(console, ["predict", run, "pictures", "--csv", "out.csv", "--logit-adjustment", "50"])
    priors = np.array(digits_run().data["class_counts"]["train"])
    divided = digits_run().predictions["test_probabilities"] / (priors / priors.sum()) ** 50.0
    for row in csv.DictReader(Path("out.csv").read_text().splitlines()):
        of_image = divided[places[Path(row["image"])]]
        expected = of_image.max() / of_image.sum()
        assert float(row["probability_1"]) == pytest.approx(expected, rel=1e-3)
        assert row["class_1"] == digits_run().data["class_names"][of_image.argmax()]
    evened = SimpleNamespace(recipe=digits_run().recipe.replace({"class_weight": "balanced"}))
    with pytest.raises(ValueError, match="nothing left to take off. Received: a run with class_"):
        adjusted_probabilities(evened, divided)


def test_evaluate_takes_the_frequencies_of_the_classes_off(run, output):
    _, out, _ = output(console, ["evaluate", run, "--logit-adjustment", "2"])
    stored, priors = digits_run().predictions, np.array(digits_run().data["class_counts"]["train"])
    divided = stored["test_probabilities"].astype("float64") / (priors / priors.sum()) ** 2
    accuracy = np.mean(divided.argmax(-1) == stored["test_labels"])
    found = calibration_of(stored["test_labels"], divided / divided.sum(-1, keepdims=True))
    *_, line, _, calibrated = out.splitlines()
    assert line.startswith(f"accuracy {accuracy:.1%} ")
    assert line.endswith(", with logits adjusted to even classes")
    assert calibrated.startswith(f"calibration error {found.error:.1%} ")
    code, _, err = output(console, ["evaluate", run, "--logit-adjustment", "--accuracy", "0.9"])
    assert (code, "not both" in err) == (2, True)
    evened = SimpleNamespace(recipe=digits_run().recipe.replace({"class_weight": "balanced"}))
    with pytest.raises(ValueError, match="nothing left to take off. Received: a run with class_"):
        logit_adjusted(evened, evaluate_stored(digits_run()))


def test_evaluate_without_data_shows_the_runs_own_score(run, output):
    _, out, _ = output(console, ["evaluate", run])
    *table, _, line, recalls, calibrated, scaled = out.splitlines()
    accuracy = digits_run().metrics["test"]["accuracy"]
    assert line.startswith(f"accuracy {accuracy:.1%} (95% interval ")
    assert "n = 359) on test images of scikit-learn's" in line
    assert [row.split()[0] for row in table[1:]] == list("0123456789")
    stored = digits_run().predictions
    predicted = stored["test_probabilities"].argmax(-1)
    balanced = balanced_accuracy_score(stored["test_labels"], predicted)
    of_classes = recall_score(stored["test_labels"], predicted, average=None)
    assert recalls.startswith(
        f"balanced accuracy {balanced:.1%}; the worst class, {of_classes.argmin()}, has a recall "
        f"of {of_classes.min():.1%} (95% interval "
    )
    found = calibration_of(stored["test_labels"], stored["test_probabilities"])
    low, high = found.interval
    assert calibrated == (
        f"calibration error {found.error:.1%} (95% interval {low:.1%} to {high:.1%}, n = 359), "
        f"log loss {number(found.log_loss)}, Brier score {number(found.brier_score)}"
    )
    temperature = temperature_of(stored)
    after = calibration_of(stored["test_labels"], temperature.apply(stored["test_probabilities"]))
    assert scaled.startswith(f"with the temperature {number(temperature.value)} (95% interval ")
    assert scaled.endswith(
        f"log loss {number(after.log_loss)}, Brier score {number(after.brier_score)}"
    )


def test_evaluate_takes_folders_specs_and_changes(run, output):
    write_digits(Path("pictures"))
    code, out, _ = output(console, ["evaluate", run, "--data", "pictures", "Digits"])
    assert code == 0
    assert "n = 40) on pictures\n" in out
    assert "n = 359) on test images of" in out
    spec = '{"use": "Digits", "classes": [3, 8]}'
    assert "n = 72) on test" in output(console, ["evaluate", run, "--data", spec])[1]
    code, _, err = output(console, ["evaluate", run, "--set", "data.split_seed=3"])
    assert code == 0
    own, other = Digits().load(), Digits(split_seed=3).load()
    trained = {image.tobytes() for image in own.train.images}
    seen = sum(image.tobytes() in trained for image in other.test.images)
    assert seen > 200
    assert err.startswith(f"note: the run was trained on {seen} of these {len(other.test)} images")


def test_views_of_an_image_are_averaged_by_predict_and_evaluate(run, output):
    write_digits(Path("pictures"), 6)
    plain = output(console, ["predict", run, "pictures", "--csv", "-"])[1]
    code, flipped, _ = output(console, ["predict", run, "pictures", "--csv", "-", "--tta", "flip"])
    assert code == 0
    assert len(flipped.splitlines()) == len(plain.splitlines())
    assert flipped != plain
    by_folder = output(console, ["evaluate", run, "--data", "Digits", "--tta", "flip"])[1]
    assert output(console, ["evaluate", run, "--test-time-augmentation", "flip"])[1] == by_folder
    assert by_folder != output(console, ["evaluate", run])[1]


def test_compare_shows_scores_differences_and_the_test(run, output):
    second, few = digits_run(seed=1), digits_run(data__classes=(0, 1, 2))
    _, out, _ = output(console, ["compare", run, f"{run}/", str(second.folder), str(few.folder)])
    scores, options, tests = out.split("\n\n")
    names = [digits_run().name, second.name, few.name]
    assert [row.split()[:2] for row in scores.splitlines()[1:]] == [[n, "test"] for n in names]
    assert options.splitlines()[1].split() == ["seed", "0", "1", "0"]
    assert options.splitlines()[2].split(maxsplit=1)[0] == "data.classes"
    assert tests.splitlines()[1].split()[:4] == [second.name, names[0], "359", "test"]
    assert tests.splitlines()[-1].startswith(
        f"No test of {few.name} against {names[0]}: Runs can be compared only on the same data."
    )


def test_p_values_of_several_tests_are_corrected_too(run, output):
    second = str(digits_run(seed=1).folder)
    shutil.copytree(second, "third")
    lines = output(console, ["compare", run, second, "third"])[1].split("\n\n")[-1].splitlines()
    header, *tests, remark = lines
    assert header.endswith("McNemar's exact p  p by Holm")
    p = mcnemar(digits_run(), digits_run(seed=1)).p_value
    assert [line.split()[-2:] for line in tests] == [[number(p), number(min(1, 2 * p))]] * 2
    assert remark == "p by Holm: corrected for the number of tests, 2."


def test_export_says_what_goes_in_and_comes_out(run, output):
    code, out, _ = output(console, ["export", run, "--format", "keras", "--probabilities"])
    path = Path(f"{digits_run().name}.keras")
    assert (code, path.is_file()) == (0, True)
    assert out.splitlines() == [
        str(path),
        "takes float32 pixels from 0 to 255, grey, of shape (batch, 8, 8, 1)",
        "the run's images were resized by: nothing",
        "gives probabilities of shape (batch, 10)",
        "classes: 0, 1, 2, 3, 4, 5, 6, 7, 8, 9",
        "equals the model's predictions on 16 images of the validation split",
        "All of this is in the file; `kerasrecipes.runs.read_metadata` reads it.",
    ]


@pytest.mark.parametrize(
    ("argv", "message"),
    [
        (["predict", "nowhere", "a.png"], "Expected a run folder, with a recipe.json."),
        (["predict", "unfinished", "a.png"], "The run is not finished, 0 of 2 epochs are there"),
        (["predict", "RUN", "notes.txt"], "Expected an image: its content is not"),
        (["predict", "RUN", ".", "--csv", "no/x.csv"], "There is no folder 'no' to write into."),
        (["evaluate", "RUN", "--data", "nowhere"], "nowhere, which is no directory either."),
        (["evaluate", "RUN", "--data", "no/where"], "Expected a directory of class folders."),
        (["evaluate", "RUN", "--data", '{"use": '], "`--data` must be JSON: "),
        (["evaluate", "RUN", "--data", '{"a": 1}'], "`--data` must name a source"),
        (["evaluate", "RUN", "--set", "epochs=3"], "changes where the data is from"),
        (["evaluate", "RUN", "--set", "data.split_sed=3"], "Did you mean 'split_seed'?"),
        (["evaluate", "RUN", "--data", "Digits", "--set", "data.split_seed=1"], "not both."),
        (["evaluate", "RUN", "--split", "train"], "A run keeps no predictions on train"),
        (["evaluate", "RUN", "--tta", "flips"], "Did you mean 'flip'?"),
        (
            ["predict", "RUN", ".", "--tta", "none"],
            "There are no images in the folder",
        ),
        (["compare", "RUN"], "`compare` needs at least two different runs."),
        (["compare", "RUN", "unfinished"], "`kerasrecipes train unfinished` goes on."),
        (["export", "RUN", "--format", "onnx", "--output", "x.pb"], "must end in '.onnx'"),
    ],
)
def test_bad_input_is_one_line(run, output, argv, message):
    shutil.copytree(run, "unfinished", ignore=lambda *_: {"metrics.json", "history.csv"})
    Path("notes.txt").write_text("no image")
    code, out, err = output(console, [run if word == "RUN" else word for word in argv])
    assert (code, out) == (2, "")
    assert err.startswith("error: ")
    assert err.count("\n") == 1
    assert message in err


HOSTILE = ["=cmd|'/c calc'!A0", "\x1b[2Jwiped", "turned\u202eround", "two\nlines", *"456789"]


def test_names_that_a_stranger_chose_are_neutralised(output):
    folder = Path("received") / digits_run().name
    shutil.copytree(digits_run().folder, folder)
    data = json.loads((folder / "data.json").read_text())
    (folder / "data.json").write_text(json.dumps({**data, "class_names": HOSTILE}))
    write_digits(Path("pictures"), 12)
    for arguments in (["predict", folder, "pictures"], ["evaluate", folder], ["report", folder]):
        code, out, err = output(console, [str(argument) for argument in arguments])
        assert code == 0
        assert not {"\x1b", "\u202e"} & {*out, *err}
        assert "two\nlines" not in out
    page = (folder / "report.html").read_text("utf-8")
    assert "\\u202e" in page
    assert not {"\x1b", "\u202e"} & {*page}
    output(console, ["predict", str(folder), "pictures", "--csv", "out.csv"])
    with Path("out.csv").open(encoding="utf-8", newline="") as file:
        cells = {cell for row in csv.reader(file) for cell in row}
    assert "'=cmd|'/c calc'!A0" in cells
    assert not [cell for cell in cells if cell.startswith(("=", "+", "-", "@"))]
