import pytest

from kerasrecipes import use
from kerasrecipes.tuning import choice, integer, log_uniform, uniform


def test_ranges_as_plain_data():
    assert uniform(0, 0.5, widen=True).to_dict() == {
        "range": "uniform",
        "low": 0,
        "high": 0.5,
        "widen": True,
    }
    assert integer(2, 9).to_dict() == {"range": "integer", "low": 2, "high": 9}
    below = {"optimizer.momentum": uniform(0, 0.9)}
    assert choice({"SGD": below, "Adam": {}}).to_dict() == {
        "range": "choice",
        "options": ["SGD", "Adam"],
        "spaces": [{"optimizer.momentum": {"range": "uniform", "low": 0, "high": 0.9}}, {}],
    }
    assert choice(use("SGD", momentum=0.9), use("Adam")).to_dict()["options"][0] == {
        "use": "SGD",
        "momentum": 0.9,
    }


@pytest.mark.parametrize(
    "make",
    [
        lambda: uniform(1, 1),
        lambda: uniform(1, 0),
        lambda: uniform(0, float("inf")),
        lambda: log_uniform(0, 1),
        lambda: log_uniform(-1, 1),
        lambda: integer(5, 5),
        lambda: integer(0, 5, log=True),
        lambda: choice(1),
        lambda: choice(1, 1),
        lambda: choice(),
        lambda: uniform(0, 1, widen="yes"),
    ],
)
def test_empty_ranges_and_logarithms_of_zero_are_refused(make):
    with pytest.raises(ValueError, match="Received"):
        make()


@pytest.mark.parametrize("make", [lambda: uniform("a", 1), lambda: integer(0.5, 2)])
def test_bounds_that_are_no_numbers_are_refused(make):
    with pytest.raises(TypeError, match="must be"):
        make()
