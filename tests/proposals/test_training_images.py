"""From images to a finished run, with what is measured given."""

import time

import keras
import pytest

from kerasrecipes import train_folder
from kerasrecipes.proposals import StepTimes, new_script, proposing, training_images
from kerasrecipes.proposals.budget import fitting
from kerasrecipes.proposals.budget.time_limit import TimeLimit
from kerasrecipes.proposals.images import image_facts
from kerasrecipes.recipe.recipe import Recipe

QUICK = StepTimes(0.1, 0.1, 0.0005, 0.2, 0.01)


@pytest.fixture(autouse=True)
def _in_a_folder_of_its_own(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)


@pytest.fixture(autouse=True)
def downloads(monkeypatch):
    """Nothing can be downloaded, and a machine is quick; returns the names that were asked for."""
    asked = []
    monkeypatch.setattr(fitting, "can_be_had", lambda name: bool(asked.append(name)))
    monkeypatch.setitem(proposing.propose.__kwdefaults__, "measure", lambda build, trains: QUICK)
    return asked


@pytest.fixture
def photos(write_images):
    return write_images("photos", {"dark": 24, "light": 24})


def test_a_script_is_written_and_nothing_trained(photos, downloads, tmp_path):
    lines = []
    script = new_script("photos", say=lines.append)
    assert script.name == "photos.py"
    assert downloads == ["MobileNetV2"]
    assert lines[0].startswith("48 images of 2 classes (dark 24, light 24)")
    assert any("resnet20_cifar10" in line for line in lines)
    assert not list((tmp_path / "saved_models").glob("*/recipe.json"))
    new_script("photos", say=lines.append)
    assert lines[-1].startswith("photos.py: as it was written")


def test_from_scratch_needs_no_download(photos, downloads):
    new_script("photos", from_scratch=True, minutes=1, say=lambda text: None)
    assert downloads == []
    with pytest.raises(ValueError, match="not both"):
        new_script("photos", from_scratch=True, backbone="VGG16", script="other.py")


def test_changes_of_data_are_looked_at_and_others_are_written(photos, write_images, tmp_path):
    write_images("photos/grey", {"inside": 4})
    changes = {"data.classes": ["dark", "light"], "epochs": 2}
    new_script("photos", changes=changes, say=lambda text: None)
    place = {"__name__": "photos"}
    exec((tmp_path / "photos.py").read_text("utf-8"), place)
    recipe = place["recipe"]
    assert isinstance(recipe, Recipe)
    assert recipe.epochs == 2
    assert recipe.flatten()["data.data.classes"] == ["dark", "light"]


def test_what_the_network_does_not_know_is_trained_from_scratch(photos, monkeypatch):
    unknown = proposing.Advised("from scratch", "pixels tell more")
    monkeypatch.setattr(proposing, "_measured", lambda *_: unknown)
    found = proposing.propose("photos", minutes=10)
    assert (found.timed.network.weights, found.chosen.strategy) == (None, "from scratch")
    assert any(str(c) == "strategy: from scratch: pixels tell more" for c in found.chosen.choices)
    lines = []
    asked = proposing.propose("photos", minutes=10, backbone="resnet20_cifar10", say=lines.append)
    assert (asked.timed.network.weights, asked.chosen.strategy) == ("pretrained", "all stages")
    assert lines[-1].startswith("pixels tell more: without --backbone")
    monkeypatch.setattr(proposing, "scratch_length", lambda *_: None)
    short = proposing.propose("photos", minutes=10)
    assert (short.timed.network.backbone, short.chosen.strategy) == ("resnet20_cifar10", "features")


def test_a_pretrained_network_that_can_be_had_is_chosen_by_the_time(photos, monkeypatch):
    monkeypatch.setattr(fitting, "can_be_had", lambda name: name != "EfficientNetV2S")
    monkeypatch.setattr(proposing, "_measured", lambda *_: proposing.Advised())
    # However busy this machine is: an image takes a millisecond to read, and all else no time.
    monkeypatch.setattr(image_facts, "_look", lambda layout, names: (False, 0.001))
    minutes = {0.3: "MobileNetV2", 200: "EfficientNetV2B2"}
    for given, name in minutes.items():
        found = proposing.propose("photos", minutes=given, clock=lambda: 0.0)
        assert found.timed.network.backbone == name
        assert found.chosen.seconds < 60 * given


@pytest.mark.slow
def test_images_become_a_run_and_the_same_again_shows_it(photos, capsys):
    # Of one epoch, with time for all folds on any machine.
    asked = {"minutes": 60, "from_scratch": True, "changes": {"epochs": 1}, "verbose": 2}
    run = train_folder("photos", doctor=False, **asked)
    out = capsys.readouterr().out
    assert run.finished
    assert run.recipe.data.name == "CrossValidation"
    assert "of 48 images, each by a network that had not seen it" in out
    assert "always 'dark' would be right on 50" in out
    assert (run.folder / "report.html").is_file()
    again = train_folder("photos", **asked)
    assert again.folder == run.folder
    assert "as it was written" in capsys.readouterr().out


@pytest.mark.slow
def test_nothing_is_printed_if_nothing_is_to_be(photos, capsys):
    changes = {"epochs": 2}
    run = train_folder("photos", from_scratch=True, minutes=1, changes=changes, verbose=0)
    assert run.finished
    assert capsys.readouterr().out == ""


def test_folds_and_the_last_training_are_ended_in_time(photos, monkeypatch):
    given = []

    def stopped(recipe, **options):
        given.append(options)
        if "until" not in options:
            raise InterruptedError

    monkeypatch.setattr(training_images, "cross_validate", stopped)
    monkeypatch.setattr(training_images, "train", stopped)
    began = time.monotonic() - 600  # As on the command line, where imports come first.
    with pytest.raises(InterruptedError):
        train_folder("photos", minutes=60, verbose=0, began=began)
    folds, last = given
    (fold_limit,), (limit,) = folds["callbacks"], last["callbacks"]
    # Of six equal parts, the last one is the last training's, and no fold begins in the fifth.
    assert folds["until"] < fold_limit.until < limit.until
    assert limit.until == began + 3420
    each = limit.until - fold_limit.until
    assert folds["until"] == pytest.approx(fold_limit.until - each)
    assert each == pytest.approx((limit.until - began - 600) / 6, rel=0.1)


def test_a_training_ends_when_its_time_is_over():
    model = keras.Sequential([keras.layers.Dense(1)])
    model.compile("sgd", "mse")
    limit = TimeLimit(time.monotonic() - 1)
    images, labels = keras.ops.ones((8, 2)), keras.ops.ones((8, 1))
    history = model.fit(images, labels, epochs=3, batch_size=2, verbose=0, callbacks=[limit])
    assert limit.reached
    assert len(history.epoch) == 1
    limit = TimeLimit(time.monotonic() + 600)
    history = model.fit(images, labels, epochs=3, batch_size=2, verbose=0, callbacks=[limit])
    assert not limit.reached
    assert len(history.epoch) == 3
