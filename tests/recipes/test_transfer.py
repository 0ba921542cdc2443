"""The recipes of transfer, with a small network in the place of the one that is shipped."""

import runpy
import sys
from pathlib import Path

import keras
import numpy as np
import pytest

from kerasrecipes.models import ResNetCIFAR
from kerasrecipes.models.backbones import trained_network
from kerasrecipes.models.surgery.assembly import assemble
from kerasrecipes.training.training import train
from kerasrecipes.transfer import FittedProbe, StageProbe

RECIPES = Path(__file__).parents[2] / "recipes"


@pytest.fixture
def _shipped(tmp_path, monkeypatch):
    """A network of random weights under the name of the shipped one."""
    folder = tmp_path / "trained" / "resnet20_cifar10"
    folder.mkdir(parents=True)
    assemble(
        (32, 32, 3),
        [keras.layers.Rescaling(1 / 127.5, -1)],
        lambda shape: ResNetCIFAR(shape, 10, depth=8, filters=4),
    ).save(folder / "model.keras")
    monkeypatch.setattr(trained_network, "SHIPPED", tmp_path / "trained")
    monkeypatch.chdir(tmp_path)


@pytest.mark.usefixtures("_shipped")
def test_features_are_extracted_once(tmp_path):
    recipe = runpy.run_path(str(RECIPES / "extract_features.py"))["recipe"]
    run = train(recipe.replace({"epochs": 2}), directory=tmp_path, verbose=0)
    assert len(list((tmp_path / "features").glob("*.npy"))) == 3
    assert run.metrics["test"]["n"] > 300
    assert run.metrics["parameters"]["trainable"] == 16 * 10 + 10
    assert "kerasrecipes" not in run.load_model().to_json()


@pytest.mark.usefixtures("_shipped")
def test_stages_are_probed(capsys, monkeypatch):
    monkeypatch.setattr(sys, "argv", ["probe_stages.py", "--set", "data.examples_per_class=5"])
    runpy.run_path(str(RECIPES / "probe_stages.py"), run_name="__main__")
    header, *rows = capsys.readouterr().out.splitlines()
    assert header.split()[:4] == ["stage", "features", "L2", "validation"]
    assert [row.split()[:2] for row in rows] == [
        ["stem", "4"],
        ["stage1", "4"],
        ["stage2", "8"],
        ["stage3", "16"],
    ]
    assert sum("best on validation" in row for row in rows) == 1


def test_without_a_test_split_no_test_accuracy_is_shown():
    table = runpy.run_path(str(RECIPES / "probe_stages.py"))["table"]
    fitted = FittedProbe(np.eye(2), np.zeros(2), l2=0.1, validation_accuracy=0.75)
    probe = StageProbe("conv1", features=2, probe=fitted, correct=3, n=4)
    (row,) = table([probe], tested=False)
    assert list(row) == ["stage", "features", "L2", "validation", ""]
    (row,) = table([probe], tested=True)
    assert (row["test"], row["n"]) == ("75.0%", "4")


def test_the_shipped_network_is_there():
    if "resnet20_cifar10" not in trained_network.shipped_networks():
        pytest.skip("the network is not trained yet")
    file = trained_network.find_trained_network("resnet20_cifar10")
    assert file.stat().st_size < 2 * 2**20
    model = keras.saving.load_model(file)
    assert model.input_shape == (None, 32, 32, 3)
    assert "kerasrecipes" not in model.to_json()
