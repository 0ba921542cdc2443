import math

import pytest

from kerasrecipes.page import formats


@pytest.mark.parametrize(
    ("value", "n", "expected"),
    [(0.5, None, "50.0%"), (1.0, 1999, "100.0%"), (0.91874, 2000, "91.87%"), (math.nan, 5, "–")],
)
def test_percent(value, n, expected):
    assert formats.percent(value, n) == expected


@pytest.mark.parametrize(
    ("seconds", "expected"),
    [(9.96, "10.0 s"), (59.6, "1 min 00 s"), (3599.7, "1 h 00 min"), (None, "–")],
)
def test_duration(seconds, expected):
    assert formats.duration(seconds) == expected


@pytest.mark.parametrize(
    ("value", "expected"),
    [("SGD", "SGD"), (True, "true"), (None, "null"), (1e-4, "0.0001"), (["é"], '["é"]')],
)
def test_plain(value, expected):
    assert formats.plain(value) == expected


@pytest.mark.parametrize(
    ("value", "expected"), [(0.0213712, "0.02137"), (math.inf, "inf"), (None, "–")]
)
def test_number(value, expected):
    assert formats.number(value) == expected
