"""`runs`, as a user types it."""

import csv
from pathlib import Path

import pytest

from kerasrecipes.cli import console
from tests.runs.listing.folders import write_run, write_search

pytestmark = pytest.mark.backend_neutral


@pytest.fixture(autouse=True)
def runs():
    directory = Path("saved_models")
    return [
        write_run(directory, 1),
        write_run(directory, 2, optimizer={"use": "Adam", "learning_rate": 0.0123456}),
        write_run(directory, 3, finished=False),
    ]


def rows(out):
    return [line.split() for line in out.splitlines()]


def test_a_row_a_run(output):
    code, out, err = output(console, ["runs"])
    header, *listed = rows(out)
    assert (code, err) == (0, "")
    assert header == [
        "name", "fingerprint", "data", "status", "epochs", "validation", "test", "started",
        "numerics",
    ]  # fmt: skip
    assert [row[:7] for row in listed] == [
        ["train", f"{1:012x}", "01234567", "finished", "3/3", "51.0%", "50.0%"],
        ["train", f"{2:012x}", "01234567", "finished", "3/3", "52.0%", "51.0%"],
        ["train", f"{3:012x}", "01234567", "unfinished", "1/3", "–", "–"],
    ]


def test_filtered_sorted_and_with_what_differs(output):
    command = ["runs", "--where", "status=finished", "--sort", "test", "--descending"]
    _, out, _ = output(console, [*command, "--differing"])
    header, *listed = rows(out)
    assert header[-3:] == ["optimizer", "optimizer.learning_rate", "optimizer.momentum"]
    assert [row[1] for row in listed] == [f"{2:012x}", f"{1:012x}"]
    assert listed[0][-2:] == ["Adam", "0.01235"]
    assert listed[1][-2:] == ["SGD", "0.9"]
    code, out, _ = output(console, ["runs", "--where", "optimizer=RMSprop"])
    assert (code, out) == (0, "None of the 3 runs in saved_models is as --where asks.\n")


def test_a_csv_file_has_every_value(output):
    code, out, _ = output(console, ["runs", "--csv", "runs.csv"])
    assert (code, out) == (0, "3 runs: runs.csv\n")
    text = Path("runs.csv").read_text()
    assert output(console, ["runs", "--csv", "-"])[1] == text
    first, second, third = csv.DictReader(text.splitlines())
    assert first["folder"] == f"saved_models/train-{1:012x}-01234567-v3"
    assert (second["optimizer"], second["optimizer.learning_rate"]) == ("Adam", "0.0123456")
    assert (third["test"], third["optimizer.learning_rate"]) == ("", "")


def test_searches_and_their_runs_are_listed_too(output):
    write_search(Path("saved_models"))
    _, out, _ = output(console, ["runs"])
    of_runs, of_searches = out.split("\n\n")
    assert rows(of_runs)[4][0] == "finalist"
    assert rows(of_runs)[4][-1] == "search-000000000001-01234567-v3"
    assert rows(of_searches)[1] == [
        "search-000000000001-01234567-v3", "finished", "2", "val_accuracy", "0.75",
    ]  # fmt: skip
    _, out, _ = output(console, ["runs", "--where", "search=", "--csv", "-"])
    assert len(out.splitlines()) == 4


def test_a_page_is_written_into_the_directory(output):
    code, out, _ = output(console, ["runs", "--html", "--where", "status=finished"])
    assert (code, out) == (0, "page: saved_models/index.html\n")
    assert Path("saved_models/index.html").read_text("utf-8").count("<tr data-run=") == 2


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (["--where", "test"], "A condition must be a name"),
        (["--sort", "tests"], "Did you mean 'test'?"),
        (["--csv", "nowhere/runs.csv"], "There is no folder 'nowhere'"),
        (["nowhere"], "Expected a directory of run folders. Received: nowhere"),
    ],
)
def test_bad_input(output, options, message):
    code, out, err = output(console, ["runs", *options])
    assert (code, out, err.count("\n")) == (2, "", 1)
    assert message in err


def test_what_is_no_directory_of_runs_says_what_it_is(output, runs):
    _, out, _ = output(console, ["runs", str(runs[0])])
    assert "It is a run itself: `kerasrecipes report" in out
