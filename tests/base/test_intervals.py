import numpy as np
import pytest

from kerasrecipes.base.intervals import wilson_interval


def test_wilson_interval_is_the_formula():
    z = 1.959963984540054
    p, n = 17 / 25, 25
    centre = (p + z**2 / (2 * n)) / (1 + z**2 / n)
    half = z / (1 + z**2 / n) * np.sqrt(p * (1 - p) / n + z**2 / (4 * n**2))
    assert wilson_interval(17, 25) == pytest.approx((centre - half, centre + half), abs=1e-12)
