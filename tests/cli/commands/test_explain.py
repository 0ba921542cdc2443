"""`explain`, as a user types it."""

from pathlib import Path

import pytest
from PIL import Image

from kerasrecipes.cli import console
from tests.digits_run import digits_run, write_digits
from tests.runs.test_explaining import CONVOLUTIONAL


@pytest.fixture
def run():
    return str(digits_run(**CONVOLUTIONAL).folder)


def test_a_page_is_written_into_the_run_folder(run, output):
    places = write_digits(Path("pictures"), 3)
    list(places)[1].write_bytes(b"")
    code, out, err = output(console, ["explain", run, "pictures"])
    assert (code, out) == (0, f"page: {run}/explanations.html\n")
    assert err == f"broken: {list(places)[1]}: the file is empty (zero bytes)\n"
    page = Path(run, "explanations.html").read_text("utf-8")
    assert page.count("<img ") == 2 * 3
    assert "<script" not in page
    assert "the file is empty" in page.partition("Broken images")[2]


def test_pictures_are_written_into_a_folder(run, output):
    write_digits(Path("pictures"), 2)
    command = ["explain", run, "pictures", "--output", "maps", "--class", "3"]
    assert output(console, command)[1] == "4 pictures: maps\n"
    assert len(list(Path("maps").iterdir())) == 4
    assert {path.name.split("-", 2)[2] for path in Path("maps").iterdir()} == {
        "grad-cam.png",
        "occlusion.png",
    }
    assert Image.open(next(Path("maps").iterdir())).size == (8, 8)


def test_a_network_without_convolutions_is_explained_by_occlusion(output):
    write_digits(Path("pictures"), 1)
    run = str(digits_run().folder)
    code, _, err = output(console, ["explain", run, "pictures", "--output", "page.html"])
    assert (code, err.count("\n")) == (0, 1)
    assert "there is occlusion, and no Grad-CAM" in err
    code, _, err = output(console, ["explain", run, "pictures", "--method", "grad-cam"])
    assert (code, err.count("\n")) == (2, 1)
    assert "Grad-CAM needs a convolutional model" in err


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (["--output", "page.pdf"], "must be an .html file or a folder"),
        (["--output", "nowhere/page.html"], "There is no folder 'nowhere'"),
        (["--class", "eleven"], "The run has no class 'eleven'."),
        (["--method", "lime"], "invalid choice: 'lime'"),
    ],
)
def test_bad_input(run, output, options, message):
    write_digits(Path("pictures"), 1)
    code, _, err = output(console, ["explain", run, "pictures", *options])
    assert code == 2
    assert message in err


def test_nothing_that_can_be_read(run, output):
    Path("fake.png").write_text("no image")
    code, _, err = output(console, ["explain", run, "fake.png", "--output", "page.html"])
    assert (code, Path("page.html").exists()) == (2, False)
    assert err.endswith("error: There is no image that can be read.\n")
