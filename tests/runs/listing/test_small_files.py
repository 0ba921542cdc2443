"""Runs and searches of a directory, from their small files."""

import json
import subprocess
import sys

import pytest

from kerasrecipes.runs import listed_runs, listed_searches
from kerasrecipes.runs.listing.small_files import differing_values
from tests.runs.listing.folders import write_run, write_search

pytestmark = pytest.mark.backend_neutral


def test_what_the_small_files_tell(tmp_path):
    write_run(tmp_path, 1)
    write_run(tmp_path, 2, finished=False)
    write_search(tmp_path)
    first, second, of_search = listed_runs(tmp_path)
    assert (first.name, first.fingerprint, first.status) == ("train", f"{1:012x}", "finished")
    assert first.values["validation"] == 0.51
    assert first.values["test"] == 0.5
    assert first.values["optimizer.momentum"] == 0.9
    assert (first.seconds, len(first.history)) == (10.0, 3)
    assert (second.status, second.values["test"], second.values["epochs_done"]) == (
        "unfinished",
        None,
        1,
    )
    assert (of_search.name, of_search.search) == ("finalist", "search-000000000001-01234567-v3")
    (search,) = listed_searches(tmp_path)
    assert (search.status, search.trials, search.score) == ("finished", 2, 0.75)


@pytest.mark.parametrize(
    ("data", "score"),
    [
        ({"use": "CrossValidation", "data": {"use": "Digits"}, "fold": None}, None),
        ({"use": "CrossValidation", "data": {"use": "Digits"}, "fold": 1}, 0.51),
        ({"use": "CrossValidation", "data": {"use": "Digits"}}, 0.51),
        ({"use": "Digits"}, 0.51),
    ],
)
def test_images_that_were_trained_on_give_no_score(tmp_path, data, score):
    write_run(tmp_path, 1, data=data)
    (run,) = listed_runs(tmp_path)
    assert run.values["validation"] == score
    assert run.scores["validation"].get("accuracy") == score
    assert run.values["test"] == 0.5


def test_a_search_that_goes_on_is_unfinished(tmp_path):
    folder = write_search(tmp_path)
    settings, result = (
        json.loads((folder / name).read_text()) for name in ("search.json", "result.json")
    )
    for before, now, status in ((["4x1"], ["4x1"], "finished"), (["4x1"], ["8x1"], "unfinished")):
        (folder / "result.json").write_text(json.dumps(result | {"rungs": before}))
        (folder / "search.json").write_text(json.dumps(settings | {"rungs": now}))
        (search,) = listed_searches(tmp_path)
        assert (search.status, search.score) == (status, 0.75)


def test_the_folder_of_a_search_lists_its_own_runs(tmp_path):
    (run,) = listed_runs(write_search(tmp_path))
    assert run.search == "search-000000000001-01234567-v3"


def test_only_options_that_differ_are_told_and_unset_is_as_the_default(tmp_path):
    write_run(tmp_path, 1, averaging=False)
    write_run(tmp_path, 2, seed=1)
    write_run(tmp_path, 3, optimizer={"use": "Adam"})
    assert differing_values(listed_runs(tmp_path)) == {
        "optimizer": ["SGD", "SGD", "Adam"],
        "optimizer.momentum": [0.9, 0.9, None],
        "seed": [0, 1, 0],
    }


def test_damage_is_a_value_of_its_run_and_no_error(tmp_path):
    folder = write_run(tmp_path, 1)
    (folder / "metrics.json").write_text("{")
    write_run(tmp_path, 2)
    damaged, whole = listed_runs(tmp_path)
    assert (damaged.status, whole.status) == ("damaged", "finished")
    assert f"{folder}/metrics.json cannot be read" in damaged.damage
    assert "Put back a copy of it" in damaged.damage
    assert differing_values([damaged, whole]) == {}


def test_neither_keras_nor_numpy_is_imported_for_a_list(tmp_path):
    write_run(tmp_path, 1)
    program = (
        "import sys; from kerasrecipes.cli import console; console(['runs', sys.argv[1]]); "
        "print([name for name in ('keras', 'numpy', 'filelock') if name in sys.modules])"
    )
    command = [sys.executable, "-c", program, str(tmp_path)]
    out = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    assert out.splitlines()[-1] == "[]"
