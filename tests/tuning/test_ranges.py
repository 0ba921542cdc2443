import pytest

from kerasrecipes import use
from kerasrecipes.tuning import choice, integer, log_integer, log_uniform, uniform


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
        lambda: uniform(0, 1, step=0),
        lambda: uniform(0, 1, step=1.5),
        lambda: uniform(0, 1, step=0.1, widen=True),
        lambda: log_uniform(0.1, 1, step=1.0),
        lambda: integer(2, 8, step=7),
        lambda: log_integer(2, 8, step=1),
        lambda: log_integer(0, 8),
    ],
)
def test_empty_ranges_and_logarithms_of_zero_are_refused(make):
    with pytest.raises(ValueError, match="Received"):
        make()


@pytest.mark.parametrize("make", [lambda: uniform("a", 1), lambda: integer(0.5, 2)])
def test_bounds_that_are_no_numbers_are_refused(make):
    with pytest.raises(TypeError, match="must be"):
        make()


def test_a_step_gives_the_values_that_a_user_writes_both_ends_included():
    tenths = tuple(n / 10 for n in range(10))
    assert uniform(0, 0.9, step=0.1).values == tenths
    assert log_uniform(1e-4, 1, step=10).values == (1e-4, 1e-3, 1e-2, 0.1, 1.0)
    assert integer(16, 50, step=16).values == (16, 32, 48)
    assert log_integer(8, 100, step=3).values == (8, 24, 72)
    assert uniform(0, 1).values == ()
    stepped = integer(16, 50, step=16)
    assert stepped.examples == (16, 48)
    assert stepped.to_dict() == {"range": "integer", "low": 16, "high": 50, "step": 16}
    assert log_integer(8, 64) == integer(8, 64, log=True)
