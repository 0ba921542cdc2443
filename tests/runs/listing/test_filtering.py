"""Conditions on listed runs, and their order."""

import pytest

from kerasrecipes.cli.arguments import value_of
from kerasrecipes.runs import listed_runs
from kerasrecipes.runs.listing.filtering import conditions, matching, ordered
from tests.runs.listing.folders import write_run

pytestmark = pytest.mark.backend_neutral


@pytest.fixture
def runs(tmp_path):
    write_run(tmp_path, 1)
    write_run(tmp_path, 2, optimizer={"use": "Adam", "learning_rate": 0.01})
    write_run(tmp_path, 3, optimizer={"use": "SGD", "momentum": 0.5, "nesterov": True})
    write_run(tmp_path, 4, finished=False, epochs=30)
    return listed_runs(tmp_path)


@pytest.mark.parametrize(
    ("texts", "expected"),
    [
        (["optimizer=SGD"], [1, 3, 4]),
        (["optimizer!=SGD"], [2]),
        (["optimizer = SGD", "test>=0.52"], [3]),
        (["test<0.51"], [1]),
        (["optimizer.momentum>0.5"], [1, 4]),
        (["optimizer.momentum!=0.9"], [2, 3]),
        (["optimizer.nesterov=true"], [3]),
        (["optimizer.nesterov=false"], [1, 2, 4]),
        (["status=unfinished"], [4]),
        (["epochs<=3", "seconds<25"], [1, 2]),
        (["started>2026-01-02T03:04:02"], [2, 3, 4]),
        (["model.units=[8]", "search="], [1, 2, 3, 4]),
        (["optimizer<1"], []),
    ],
)
def test_which_runs_are_meant(runs, texts, expected):
    found = matching(runs, conditions(texts, value_of))
    assert [int(run.fingerprint, 16) for run in found] == expected


@pytest.mark.parametrize(
    ("path", "descending", "expected"),
    [
        ("test", True, [3, 2, 1, 4]),
        ("test", False, [1, 2, 3, 4]),
        ("epochs", True, [4, 1, 2, 3]),
        ("optimizer", False, [2, 1, 3, 4]),
        ("optimizer.momentum", False, [3, 1, 4, 2]),
    ],
)
def test_order(runs, path, descending, expected):
    assert [int(run.fingerprint, 16) for run in ordered(runs, path, descending)] == expected


def test_what_is_no_condition_or_no_value_is_refused(runs):
    with pytest.raises(ValueError, match=r"A condition must be a name.*Received: optimizer"):
        conditions(["optimizer"], value_of)
    with pytest.raises(ValueError, match="Did you mean 'optimizer.momentum'"):
        matching(runs, conditions(["optimizer.momentun=1"], value_of))
    with pytest.raises(ValueError, match="No run here has a value 'tset'"):
        ordered(runs, "tset", False)
    assert matching([], conditions(["anything=1"], value_of)) == []
