import math
import re

import numpy as np
import pytest

from kerasrecipes.diagnostics.drawing.bars import MOST_ROWS, named_bars
from tests.page.drawn import texts


def lengths(svg):
    """The lengths of the bars, from top to bottom."""
    bars = re.findall(r'<path d="M ([\d.]+) [\d.]+ *L ([\d.]+) [^"]*"[^>]*--heat-5', svg)
    return [float(end) - float(start) for start, end in bars]


def test_bars_are_as_long_as_values():
    svg = named_bars({"a": 1.0, "b": 2.0, "c": 4.0}, "")
    assert lengths(svg) / np.array([1.0, 2.0, 4.0]) == pytest.approx(lengths(svg)[0])
    assert texts(svg) == ["a", "b", "c", "1", "2", "4"]


def test_logarithmic_bars_differ_by_decades():
    first, second, third = lengths(
        named_bars({"a": 1e-6, "b": 1e-4, "c": 1.0}, "", logarithmic=True)
    )
    assert (third - second) / (second - first) == pytest.approx(2)
    assert first > 0


def test_what_is_no_number_has_no_bar_but_its_name():
    svg = named_bars({"a": 1.0, "b": None, "c": math.nan}, "")
    assert len(lengths(svg)) == 1
    assert texts(svg) == ["a", "b", "c", "1", "not finite", "not finite"]
    assert named_bars({"a": None}, "") is None
    assert named_bars({"a": 0.0}, "", logarithmic=True) is None
    assert named_bars({}, "") is None


def test_all_zero_is_drawn():
    assert texts(named_bars({"a": 0.0, "b": 0.0}, "")) == ["a", "b", "0", "0"]


@pytest.mark.parametrize("marked", ["layer 0", "layer 51", "layer 99"])
def test_of_many_bars_the_marked_one_is_shown(marked):
    svg = named_bars({f"layer {i}": 1.0 for i in range(100)}, "", marked=marked)
    names = [text for text in texts(svg) if text.startswith("layer")]
    assert len(names) == MOST_ROWS
    assert {"layer 0", "layer 99", marked} <= set(names)
    assert svg.count("var(--train)") == 1
