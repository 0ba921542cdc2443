"""What was drawn, read from an `<svg>` element: for tests of figures."""

import re

import numpy as np


def lines(svg, variable):
    """The points of the unfilled paths drawn in a colour, an array for each unbroken piece."""
    paths = re.findall(rf'<path d="([^"]*)"[^>]*style="fill: none;[^"]*var\({variable}\)', svg)
    pieces = [piece for path in paths for piece in re.split("M", path)[1:]]
    points = [np.array(re.findall(r"-?[\d.]+", piece), float).reshape(-1, 2) for piece in pieces]
    return [piece for piece in points if len(piece)]


def texts(svg):
    return re.findall(r"<text[^>]*>([^<]*)</text>", svg)


def is_affine(pixels, values):
    """Whether pixels are a + b values, to the six digits that an SVG has."""
    fit = np.polyfit(values, pixels, 1)
    return np.allclose(np.polyval(fit, values), pixels, atol=1e-3)
