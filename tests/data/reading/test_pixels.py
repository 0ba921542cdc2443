import numpy as np
import pytest

from kerasrecipes.data.reading.pixels import to_uint8

LEVELS = np.arange(256, dtype=np.uint8)


@pytest.mark.parametrize("dtype", ["uint8", "uint16", "int32", "int64"])
def test_integers(dtype):
    np.testing.assert_array_equal(to_uint8({"x": LEVELS.astype(dtype)})["x"], LEVELS)


@pytest.mark.parametrize("dtype", ["float16", "float32", "float64"])
@pytest.mark.parametrize("factor", [1, 255])
def test_every_grey_level_comes_back(dtype, factor):
    """Whether users divide before or after a conversion, and by what."""
    for saved in (
        LEVELS.astype(dtype) / np.array(factor, dtype),
        (LEVELS / factor).astype(dtype),
        LEVELS.astype(dtype) * np.array(1 / factor, dtype),
    ):
        assert saved.dtype == dtype
        np.testing.assert_array_equal(to_uint8({"x": saved})["x"], LEVELS)


def test_one_scale_for_all():
    dark = np.array([0.0, 1.0])
    converted = to_uint8({"train": LEVELS.astype(float), "test": dark})
    np.testing.assert_array_equal(converted["test"], [0, 1])
    np.testing.assert_array_equal(to_uint8({"test": dark})["test"], [0, 255])


def test_uint8_is_not_copied():
    assert to_uint8({"x": LEVELS})["x"] is LEVELS


@pytest.mark.parametrize(
    ("values", "error", "message"),
    [
        ([0.0, 0.5, 1.0], ValueError, r"would be rounded.*numpy.rint\(255 \* x\).astype"),
        ([0.0, 100.5], ValueError, r"would be rounded.*numpy.rint\(x\).astype"),
        ([-1.0, 1.0], ValueError, "values from -1 to 1"),
        ([0, 256], ValueError, "values from 0 to 256"),
        ([0.0, np.nan], ValueError, "values from nan to nan"),
        ([0.0, np.inf], ValueError, "values from 0 to inf"),
        ([True, False], TypeError, "x.dtype=bool"),
        ([1j], TypeError, "x.dtype=complex128"),
    ],
)
def test_what_cannot_be_exact(values, error, message):
    with pytest.raises(error, match=message):
        to_uint8({"x": np.array(values)})
