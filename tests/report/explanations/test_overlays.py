"""Colours of maps over their images."""

import numpy as np

from kerasrecipes.report.explanations.overlays import AGAINST, FOR, overlaid


def test_a_map_of_zeros_leaves_the_image_in_grey():
    image = np.random.default_rng(0).integers(0, 256, (6, 8, 3), dtype="uint8")
    drawn = overlaid(image, np.zeros((2, 2)))
    np.testing.assert_array_equal(drawn, np.round(image.mean(-1))[..., None].repeat(3, -1))


def test_the_strongest_place_has_the_colour_of_its_sign():
    black = np.zeros((4, 4, 1), "uint8")
    for sign, colour in ((1, FOR), (-1, AGAINST)):
        map = np.zeros((4, 4))
        map[1, 2] = 0.01 * sign
        drawn = overlaid(black, map)
        np.testing.assert_array_equal(drawn[1, 2], np.round(0.8 * np.array(colour)))
        assert drawn.sum() == drawn[1, 2].sum()


def test_a_coarse_map_is_enlarged_and_what_is_not_finite_is_nothing():
    drawn = overlaid(np.zeros((8, 8, 4), "uint8"), np.array([[1.0, np.nan], [0.0, 0.0]]))
    assert drawn.shape == (8, 8, 3)
    assert drawn[0, 0].sum() > drawn[4, 4].sum() > drawn[7, 7].sum() == 0
