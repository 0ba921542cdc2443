import json
import shlex

import numpy as np
import pytest
from PIL import Image

from kerasrecipes import Recipe
from kerasrecipes.cli import console, main
from kerasrecipes.recipe.correcting_classes import REMEDIES


@pytest.fixture
def arrays(tmp_path):
    """An archive in which a test image is in train too, with another label."""
    images = np.random.default_rng(0).integers(5, 250, (44, 6, 8, 3), np.uint8)
    images[41] = images[30]
    labels = np.arange(44) % 2
    path = tmp_path / "arrays.npz"
    names = ["cat", "dog"]
    x, y = np.split(images, [40]), np.split(labels, [40])
    np.savez(path, x_train=x[0], y_train=y[0], x_test=x[1], y_test=y[1], classes=names)
    return Recipe(data={"use": "Npz", "path": str(path), "validation_fraction": 0.2}, model="MLP")


def table(out):
    """Returns the rows of the first table by their first column."""
    rows = (line.split("  ", 1) for line in out.split("\n\n")[0].splitlines())
    return {row[0].strip(): row[1].strip() for row in rows}


def test_what_a_recipe_script_shows_of_its_data(output, arrays, tmp_path):
    code, out, err = output(main, arrays, None, ["data"])
    assert (code, err) == (0, "")
    facts = table(out)
    assert facts["source"] == "arrays in 'arrays.npz'"
    assert facts["images"] == "32 train, 8 validation, 4 test"
    assert facts["classes"] == "2"
    assert facts["image shape"] == "6 x 8 x 3"
    assert facts["values"].startswith("5 to 249 in train, ")
    lines = out.splitlines()
    assert "cat    16     4           2" in lines
    found = [line for line in lines if "images that are in" in line and "none" not in line]
    assert len(found) == 1
    assert found[0].endswith(" too: 1, 1 with another label, such as")
    assert "images that look alike are not looked for: they are too small, or too many" in lines
    assert Image.open(tmp_path / "my_script-data.png").mode == "RGB"
    assert lines[-1] == "grid: my_script-data.png"


def test_uneven_classes_are_told_with_what_they_call_for(output, arrays, tmp_path):
    _, out, _ = output(main, arrays, None, ["data"])
    assert "the largest class in train (cat, 16) has 1 times the images of the smallest" in out
    assert "class_weight" not in out
    images = np.random.default_rng(0).integers(5, 250, (90, 6, 8, 3), np.uint8)
    labels = np.repeat([0, 1, 0, 1], [60, 10, 10, 10])
    splits = {"x_train": images[:70], "x_test": images[70:]}
    splits |= {"y_train": labels[:70], "y_test": labels[70:]}
    np.savez(tmp_path / "uneven.npz", **splits, classes=["cat", "dog"])
    recipe = arrays.replace({"data.path": str(tmp_path / "uneven.npz")})
    _, out, _ = output(main, recipe, None, ["data"])
    text = " ".join(out.split())
    assert "(cat, 48) has 6 times the images of the smallest (dog, 8)" in text
    settings = [line.strip() for line in out.splitlines() if line.strip().startswith("--set ")]
    assert settings[:-1] == [f"--set {path}={value}" for path, value in REMEDIES.items()]
    assert "fewer than 20 test images are of cat, dog: their recall" in text
    # What it says to set can be set.
    for setting in settings:
        changes = dict(part.split("=", 1) for part in shlex.split(setting)[1::2])
        changes = {p: json.loads(v) if v.startswith("[") else v for p, v in changes.items()}
        assert recipe.replace(changes) != recipe


def test_duplicates_are_shown_with_their_places(output, arrays):
    recipe = arrays.replace({"data.validation_fraction": 0.05, "data.split_seed": 1})
    dataset = recipe.data.build("data").load()
    _, out, _ = output(main, recipe, None, ["data"])
    lines = out.splitlines()
    start = lines.index("test images that are in train too: 1, 1 with another label, such as")
    place = next(
        i for i, x in enumerate(dataset.train.images) if (x == dataset.test.images[1]).all()
    )
    assert lines[start + 1] == f"  #1 = #{place}"
    assert "test images that are in validation too: none" in lines


def test_look_alikes_are_shown_with_their_places(output, tmp_path):
    images = np.random.default_rng(0).integers(0, 200, (44, 4, 4, 3), np.uint8)
    images = np.repeat(np.repeat(images, 5, axis=1), 5, axis=2)
    images[43] = images[30] // 2 + 50
    labels = np.arange(44) % 2
    x, y = np.split(images, [40]), np.split(labels, [40])
    np.savez(tmp_path / "a.npz", x_train=x[0], y_train=y[0], x_test=x[1], y_test=y[1])
    recipe = Recipe(data={"use": "Npz", "path": "a.npz", "validation_fraction": 0.1}, model="MLP")
    _, out, _ = output(main, recipe, None, ["data"])
    (place,) = (line for line in out.splitlines() if line.startswith("  #3 ~ #"))
    before = out.partition(place)[0].splitlines()[-1]
    assert before.startswith("test images that look like one in ")
    assert before.endswith(", and are not equal: 1, 1 with another label, such as")


def test_a_recipe_file_with_changes(output, arrays, tmp_path):
    path = tmp_path / "some.json"
    path.write_text(json.dumps(arrays.to_dict()))
    argv = ["data", str(path), "--set", "data.examples_per_class=3", "--grid", "here.png"]
    code, out, _ = output(console, argv)
    assert code == 0
    assert table(out)["images"] == "6 train, 8 validation, 4 test"
    assert (tmp_path / "here.png").is_file()


def test_skipped_files_are_listed(output, tmp_path):
    for name in ("cat", "dog"):
        (tmp_path / "images" / name).mkdir(parents=True)
        for number in range(10):
            Image.new("RGB", (8, 8)).save(tmp_path / "images" / name / f"{number}.png")
    (tmp_path / "images" / "cat" / "notes.txt").write_text("notes")
    recipe = Recipe(data={"use": "ImageFolder", "directory": "images"}, model="MLP")
    _, out, _ = output(main, recipe, None, ["data"])
    assert "skipped: 1\n  cat/notes.txt: not an image file" in out


@pytest.mark.parametrize(
    ("argv", "message"),
    [
        (["data", "nowhere"], "Expected a recipe.json or a run folder, found none."),
        (["data", "recipes/mine.py"], "There is no recipe script 'recipes/mine.py'."),
        (["data", "some.json", "--grid", "grid.txt"], "`--grid` must be a .png file"),
        (["data", "some.json", "--grid", "no/grid.png"], "in a folder that is there"),
        (["data", "some.json", "--set", "data.path=other.npz"], "existing .npz file"),
    ],
)
def test_bad_input(output, arrays, tmp_path, argv, message):
    (tmp_path / "some.json").write_text(json.dumps(arrays.to_dict()))
    code, out, err = output(console, argv)
    assert (code, out) == (2, "")
    assert err.count("\n") == 1
    assert message in err
