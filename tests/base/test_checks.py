from fractions import Fraction

import numpy as np
import pytest

from kerasrecipes.base.checks import check_choice, check_integer, check_number, check_rank, nearest


@pytest.mark.parametrize(
    ("name", "options", "expected"),
    [
        ("Adamm", ["Adam", "SGD"], "Adam"),
        ("adam", ["Adam", "AdamW"], "Adam"),
        ("sgd", ["SGD"], "SGD"),
        ("xyz", ["Adam", "SGD"], None),
        ("", ["Adam"], None),
        ("Adam", [], None),
    ],
)
def test_nearest_is_the_closest_option_whatever_its_case(name, options, expected):
    assert nearest(name, options) == (f" Did you mean {expected!r}?" if expected else "")


def test_nearest_takes_any_object_and_any_iterable():
    assert nearest(128, (str(n) for n in (127, 3))) == " Did you mean '127'?"


@pytest.mark.parametrize(
    ("bounds", "inside", "outside", "interval"),
    [
        ({"at_least": 0, "below": 1}, [0, 0.999], [-1e-9, 1, 1.0], " in [0, 1)"),
        ({"above": 0, "at_most": 1}, [1e-300, 1], [0, 0.0, 1.0001], " in (0, 1]"),
        ({"at_least": 2}, [2, 1e300], [1.9], " of at least 2"),
        ({"above": 0}, [5e-324], [0], " greater than 0"),
        ({"at_most": 3}, [3, -1e300], [3.1], " of at most 3"),
        ({"below": 3}, [2.9], [3], " less than 3"),
        ({}, [0, -7], [float("inf")], ""),
    ],
)
def test_a_number_is_checked_against_each_kind_of_bound(bounds, inside, outside, interval):
    for value in [*inside, *map(np.float64, inside)]:
        check_number("rate", value, **bounds)
    for value in outside:
        with pytest.raises(ValueError, match="Received") as caught:
            check_number("rate", value, **bounds)
        assert str(caught.value) == (f"`rate` must be a number{interval}. Received: rate={value!r}")


@pytest.mark.parametrize("value", [float("nan"), float("inf"), -float("inf"), np.float32("nan")])
def test_a_number_is_finite(value):
    with pytest.raises(ValueError, match="`rate` must be a number"):
        check_number("rate", value)


@pytest.mark.parametrize("value", ["1", None, True, False, 1j, [1], np.array([1.0])])
def test_what_is_no_real_number_is_a_type_error(value):
    with pytest.raises(TypeError, match="`rate` must be a number of at least 0"):
        check_number("rate", value, at_least=0)


def test_a_number_may_be_of_any_real_type():
    for value in (Fraction(1, 2), np.float16(0.5), np.int8(1), 1):
        check_number("rate", value, at_least=0, at_most=1)


def test_an_integer_is_one_of_any_integral_type():
    for value in (1, np.int64(3), np.uint8(200)):
        check_integer("epochs", value, at_least=1)
    for value in (1.0, True, "1", None, np.bool_(True)):
        with pytest.raises(TypeError, match="`epochs` must be an integer of at least 1"):
            check_integer("epochs", value, at_least=1)
    with pytest.raises(ValueError, match="Received: epochs=0"):
        check_integer("epochs", 0, at_least=1)
    with pytest.raises(TypeError, match=r"must be an integer\. "):
        check_integer("epochs", 0.5)


def test_a_choice_is_listed_and_the_nearest_named():
    check_choice("mode", "max", ["min", "max"])
    check_choice("mode", None, ["min", None])
    check_choice("depth", 3, range(4))
    with pytest.raises(ValueError, match="must be one of") as caught:
        check_choice("mode", "maxx", ["min", "max", None])
    assert str(caught.value) == (
        "`mode` must be one of 'min', 'max', None. Did you mean 'max'? Received: mode='maxx'"
    )


def test_a_rank_is_named_by_its_axes():
    check_rank("images", (None, 32, 32, 3), 4, "(batch, height, width, channels)")
    with pytest.raises(ValueError, match=r"must have shape \(batch, classes\)") as caught:
        check_rank("labels", (8,), 2, "(batch, classes)")
    assert "labels.shape=(8,)" in str(caught.value)
