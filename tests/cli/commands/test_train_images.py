"""The commands `train` and `new` with images in place of a recipe."""

import time
from types import SimpleNamespace

import numpy as np
import pytest

from kerasrecipes import train, use
from kerasrecipes.cli import console, main
from kerasrecipes.cli.commands.report import score_line
from kerasrecipes.report import write_report
from kerasrecipes.report.index.comparison_tables import score_row


@pytest.fixture
def asked(monkeypatch):
    """What `train_folder` and `new_script` were asked; each call with its options that are set."""
    calls = []

    def train_folder(images, *, began, **options):
        assert 0 <= time.monotonic() - began < 60
        ask(images, **options)
        return SimpleNamespace(diverged=None, folder="run")

    def ask(images, **options):
        calls.append((images, {name: v for name, v in options.items() if v not in (None, False)}))

    def new_script(images, **options):
        ask(images, **options)
        return "photos.py"

    monkeypatch.setattr("kerasrecipes.proposals.train_folder", train_folder)
    monkeypatch.setattr("kerasrecipes.proposals.new_script", new_script)
    return calls


@pytest.fixture
def photos(tmp_path):
    (tmp_path / "photos" / "cat").mkdir(parents=True)
    return "photos"


USUAL = {"changes": {}, "directory": "saved_models", "verbose": 2, "doctor": True}


def test_a_folder_is_trained_on(photos, asked, output):
    assert output(console, ["train", photos]) == (0, "", "")
    assert asked == [(photos, USUAL)]


def test_options_say_what_is_chosen_and_changed(photos, asked, output):
    options = "--minutes 5 --backbone MobileNet --weights a.h5 --image-size 96 --no-doctor"
    changes = "--set epochs=3 --seed 4 --directory there --script mine.py"
    code, _, err = output(console, ["train", photos, *options.split(), *changes.split()])
    assert (code, err) == (0, "")
    wishes = {"minutes": 5.0, "backbone": "MobileNet", "weights": "a.h5", "image_size": 96}
    others = {"changes": {"epochs": 3, "seed": 4}, "directory": "there", "script": "mine.py"}
    assert asked == [(photos, {**wishes, **others, "verbose": 2})]


def test_a_name_is_that_of_the_script(photos, asked, output):
    output(console, ["train", photos, "--name", "pets", "--from-scratch"])
    assert asked == [(photos, {**USUAL, "script": "pets.py", "from_scratch": True})]
    code, _, err = output(console, ["train", photos, "--name", "pets", "--script", "b.py"])
    assert (code, "Give `--name` or `--script`" in err) == (2, True)


@pytest.mark.parametrize("option", ["--seeds 0 1", "--overwrite", "--heal 2"])
def test_what_is_for_recipes_is_refused_with_the_way_out(photos, asked, output, option):
    code, _, err = output(console, ["train", photos, *option.split()])
    assert code == 2
    assert f"{option.split()[0]}` is for a recipe: `kerasrecipes new photos` writes one" in err
    assert asked == []


def test_what_is_for_images_is_refused_with_a_recipe(recipe, asked, output):
    code, _, err = output(main, recipe, None, ["train", "--minutes", "5"])
    assert (code, asked) == (2, [])
    assert "`--minutes` is for images: a folder" in err


def test_new_writes_a_script_and_says_how_to_run_it(photos, asked, output):
    assert output(console, ["new", photos, "--minutes", "2"])[:2] == (0, "now: python photos.py\n")
    assert asked[0][1]["minutes"] == 2.0


@pytest.mark.parametrize(
    ("prepare", "message"),
    [
        (lambda folder: None, "must hold one folder of images for each class. Received: no images"),
        (lambda folder: (folder / "a").mkdir(), "at least two classes"),
        (
            lambda folder: [(folder / name / "in" / "er").mkdir(parents=True) for name in "ab"],
            "must hold images that can be read",
        ),
    ],
)
def test_a_folder_that_cannot_be_learnt_from_is_told_in_a_line(tmp_path, output, prepare, message):
    (tmp_path / "photos").mkdir()
    prepare(tmp_path / "photos")
    code, out, err = output(console, ["train", "photos"])
    assert (code, out) == (2, "")
    assert message in err
    assert err.count("\n") == 1
    assert not (tmp_path / "photos.py").exists()


def test_telling_images_from_recipes_imports_no_keras(in_a_process):
    program = """
import sys
from kerasrecipes.cli.trainings.images import are_images
assert are_images("tfds:beans")
print("keras" in sys.modules)
"""
    out, err = in_a_process(program).communicate()
    assert out == "False\n", err


@pytest.mark.parametrize(("fold", "seen"), [(None, True), (0, False)])
def test_a_score_on_images_that_were_trained_on_says_so(recipe, fold, seen, tmp_path):
    images = np.random.default_rng(0).integers(0, 256, (40, 6, 6, 1), np.uint8)
    np.savez(tmp_path / "images.npz", x=images, y=np.arange(40) % 2)
    source = use("Npz", path=str(tmp_path / "images.npz"))  # It has no test images.
    data = use("CrossValidation", data=source, folds=3, fold=fold)
    changes = {"data": data, "monitor": None, "epochs": 1}
    run = train(recipe.replace(changes), directory=tmp_path, verbose=0)
    assert run.validates_on_training_images == seen
    assert ("which have seen these images: --set data.fold=0" in score_line(run)) == seen
    page = write_report(run).read_text("utf-8")
    assert ("no image was kept from training" in page) == seen
    split = "validation, trained on" if seen else "validation"
    assert score_row("a run", run)["split"] == split
