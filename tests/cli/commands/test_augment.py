"""`augment` and `augment-check`, as a user types them."""

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from kerasrecipes.base.csv_table import read_rows
from kerasrecipes.cli import console, main
from tests.digits_run import digits_run, write_digits


@pytest.fixture
def run():
    return str(digits_run().folder)


def test_a_grid_of_training_images(recipe, output):
    crop = '{"use": "RandomPadCrop", "padding_pixels": 1}'
    code, out, _ = output(main, recipe, None, ["augment", "--set", f"augment=[{crop}]"])
    assert (code, out) == (0, "grid: my_script-augment.png\n")
    grid = np.asarray(Image.open("my_script-augment.png"))
    assert grid.shape[0] == 4 + 10 * 68
    cells = grid[4:68, -11 * 68 :].reshape(64, 11, 68, 3)[:, :, :64]
    # The original, and draws that differ from it and from each other.
    assert len({cells[:, column].tobytes() for column in range(11)}) > 5


def test_a_grid_of_mixed_files_with_their_soft_labels(run, output):
    places = write_digits(Path("pictures"), 3)
    arguments = ["--set", 'augment=[{"use": "MixedSamples"}]', "--grid", "mixed.png"]
    code, out, _ = output(console, ["augment", run, "pictures", *arguments])
    assert (code, out) == (0, "grid: mixed.png\n")
    plain = output(console, ["augment", run, *map(str, places), "--set", "augment=RandomFlip"])
    assert plain[0] == 0
    assert Image.open("mixed.png").height > Image.open(f"{plain[1].split()[1]}").height


def test_augment_check_names_what_changes_digits(run, output):
    crop = '{"use": "RandomPadCrop", "padding_pixels": 1}'
    mix = '{"use": "MixedSamples"}'
    code, out, err = output(
        console,
        ["augment-check", run, "--set", f"augment=[{crop}, {mix}]", "--csv", "classes.csv"],
    )
    assert code == 0
    assert "note: MixedSamples mixes labels on purpose: not checked" in err
    rows = {line.split()[0]: line for line in out.splitlines() if "%" in line}
    assert rows["RandomPadCrop"].split()[1] == "yes"
    for operation in ("horizontal_flip=1", "vertical_flip=1", "rotation_degrees=90"):
        assert "changes labels" in rows[operation]
    assert out.splitlines()[-1] == f"grid: {digits_run().name}-augment-check.png"
    assert Image.open(f"{digits_run().name}-augment-check.png").width > 12 * 64
    rows = read_rows(Path("classes.csv"))
    classes = [row for row in rows if row["operation"] == "rotation_degrees=180"]
    assert {row["class"] for row in classes} <= set("0123456789")
    six = next(row for row in classes if row["class"] == "6")
    assert six["becomes"] in set("0123456789") - {"6"}
    assert six["low"] <= six["agreement"] <= six["high"]


@pytest.mark.parametrize(
    ("argv", "message"),
    [
        (["augment", "RUN"], "The recipe does not augment: give it layers, such as"),
        (["augment", "script.py"], "There is no recipe script 'script.py'."),
        (["augment", "RUN", "--grid", "x.jpg"], "`--grid` must be a .png file."),
        (["augment", "RUN", "--set", "augment=RandomFlipp"], "Did you mean 'RandomFlip'?"),
        (["augment", "RUN", "--set", "augment.RandomFlip.mode=up"], "`augment` has no single item"),
        (["augment-check", "RUN", "--grid", "no/x.png"], "must be in a folder that is there"),
        (["augment-check", "RUN", "--threshold", "2"], "`threshold` must be a number in (0, 1)"),
        (["augment-check", "RUN", "--images", "0"], "`--images` must be an integer of at least 1"),
    ],
)
def test_bad_input_is_one_line(run, output, argv, message):
    code, out, err = output(console, [run if word == "RUN" else word for word in argv])
    assert (code, out) == (2, "")
    assert err.startswith("error: ")
    assert err.count("\n") == 1
    assert message in err
