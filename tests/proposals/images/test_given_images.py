"""What is told apart from recipes as images, and the source that it stands for."""

import json

import pytest

from kerasrecipes.proposals.images.given_images import are_images, images_source, name_of
from kerasrecipes.recipe.spec import use


@pytest.fixture
def places(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "photos" / "cat").mkdir(parents=True)
    run = tmp_path / "runs" / "mine-0123456789ab"
    run.mkdir(parents=True)
    (run / "recipe.json").write_text(json.dumps({}))
    for name in ("images.npz", "images.csv", "recipe.json", "script.py"):
        (tmp_path / name).write_text("")
    return run


@pytest.mark.parametrize("given", ["photos", "photos/", "images.npz", "images.csv", "tfds:beans"])
def test_images_are_a_folder_a_file_or_a_name(places, given):
    assert are_images(given)


@pytest.mark.parametrize("given", ["recipe.json", "script.py", "runs/mine-0123456789ab", "nothing"])
def test_recipes_runs_and_what_is_not_there_are_no_images(places, given):
    assert not are_images(given)


def test_each_has_its_source(places):
    assert images_source("photos") == use("ImageFolder", directory="photos")
    assert images_source("images.npz") == use("Npz", path="images.npz")
    assert images_source("images.csv") == use("ImageTable", path="images.csv")
    beans = images_source("tfds:beans", {"validation_split": "validation"})
    assert beans == use("TFDS", name="beans", validation_split="validation")


def test_a_folder_of_runs_is_no_folder_of_images(places):
    with pytest.raises(ValueError, match=r"holds runs.*kerasrecipes train runs/mine-0123456789ab"):
        images_source("runs")


def test_what_is_not_there_names_the_nearest(places):
    with pytest.raises(ValueError, match="Did you mean 'photos'"):
        images_source("photo")
    with pytest.raises(ValueError, match="no option 'clases'.*Did you mean 'classes'"):
        images_source("photos", {"clases": []})


@pytest.mark.parametrize(
    ("given", "name"),
    [("photos", "photos"), (".", "images"), ("ünter/", "nter"), ("a b-c.npz", "a_b_c")],
)
def test_a_name_is_an_identifier(tmp_path, monkeypatch, given, name):
    folder = tmp_path / "images"
    folder.mkdir()
    monkeypatch.chdir(folder)
    assert name_of(given) == name
    assert name.isidentifier()
