import re

import numpy as np

from kerasrecipes.report.run import figures
from tests.page.drawn import texts


def test_confusion_matrix_has_the_counts_and_their_shades():
    matrix = np.array([[90, 10, 0], [0, 0, 0], [1, 0, 24]])
    svg = figures.confusion_matrix(matrix, ["a", "b", "c"])
    assert texts(svg)[-9:] == ["90", "10", "·", "·", "·", "·", "1", "·", "24"]
    levels = [int(level) for level in re.findall(r'style="fill: var\(--heat-(\d+)\)', svg)]
    # 10 sqrt(share), rounded: 10 sqrt(0.9) = 9.49, 10 sqrt(0.1) = 3.16, 10 sqrt(1/25) = 2.
    assert levels == [9, 3, 0, 0, 0, 0, 2, 0, 10]


def test_a_rare_mistake_is_never_left_white():
    svg = figures.confusion_matrix(np.array([[9999, 1], [0, 9999]]), ["a", "b"])
    assert re.findall(r"--heat-(\d+)\)", svg) == ["10", "1", "0", "10"]


def test_long_class_names_lose_their_middle():
    svg = figures.confusion_matrix(np.eye(2, dtype=int), ["american_bulldog", "american_pit_bull"])
    assert texts(svg).count("american_bulldog") == 2
    assert texts(svg).count("american_…t_bull") == 2
