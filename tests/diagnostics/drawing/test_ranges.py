import numpy as np
import pytest

from kerasrecipes.diagnostics.drawing.ranges import column_ranges, rate_range, value_ranges
from kerasrecipes.diagnostics.record.data_facts import Values
from kerasrecipes.diagnostics.record.trials import Rates
from tests.page.drawn import is_affine, lines, texts


def test_value_ranges_lie_on_one_axis():
    svg = value_ranges({"targets": (0.0, 10.0), "answers": (2.0, 4.0)}, "")
    ends = np.concatenate([lines(svg, "--validation")[0], lines(svg, "--train")[0]])[:, 0]
    assert is_affine(ends, [0.0, 10.0, 2.0, 4.0])
    assert {"0 to 10", "2 to 4", "targets", "answers"} <= set(texts(svg))


def test_a_single_range_is_no_comparison():
    assert value_ranges({"targets": (0.0, 1.0)}, "") is None


def test_a_range_of_one_value_is_a_dot():
    assert {"3", "0 to 10"} <= set(texts(value_ranges({"a": (3.0, 3.0), "b": (0.0, 10.0)}, "")))


@pytest.mark.parametrize("columns", [1, 3, 256])
def test_column_ranges(columns):
    values = Values(
        (columns,), "float32", 9, column_means=(0.5,) * columns, column_stds=(1.0,) * columns,
        column_minima=(0.0,) * columns, column_maxima=(1.0,) * columns,
    )  # fmt: skip
    assert "column" in texts(column_ranges(values, ""))


def test_columns_of_other_sizes_get_a_logarithmic_axis():
    values = Values(
        (2,), "float32", 9, column_means=(0.5, 5000.0), column_stds=(1.0, 1.0),
        column_minima=(0.0, 0.0), column_maxima=(1.0, 10000.0),
    )  # fmt: skip
    assert {"1", "10", "1000"} <= set(texts(column_ranges(values, "")))
    assert column_ranges(Values((2,), "float32", 9), "") is None


def test_rate_range_marks_the_rate_that_is_used_and_the_suggested_one():
    rates = Rates((1e-4, 1e-3, 1e-2, 1e-1), (1.0, 0.9, 0.5, None), True, 1e-3)
    svg = rate_range(rates, 0.1, "")
    curve = lines(svg, "--ink")[0]
    assert is_affine(curve[:, 0], [-4, -3, -2])
    assert is_affine(curve[:, 1], [1.0, 0.9, 0.5])
    assert lines(svg, "--validation")[0][0, 0] == pytest.approx(curve[1, 0])
    assert {"used 0.1", "suggested 0.001", "learning rate"} <= set(texts(svg))


def test_rate_range_without_losses_or_rates():
    assert rate_range(Rates((1e-3, 1e-2), (None, 1.0), True), None, "") is None
    svg = rate_range(Rates((1e-3, 1e-2), (1.0, 1.0), False), None, "")
    assert not [text for text in texts(svg) if text.startswith(("used", "suggested"))]
