import re
from pathlib import Path

import numpy as np
import pytest

from kerasrecipes.page import pages
from kerasrecipes.page.svg import HEAT, VARIABLES
from kerasrecipes.report.run import figures


def luminance(colour):
    channels = np.array([int(colour[i : i + 2], 16) for i in (1, 3, 5)]) / 255
    linear = np.where(channels <= 0.04045, channels / 12.92, ((channels + 0.055) / 1.055) ** 2.4)
    return linear @ [0.2126, 0.7152, 0.0722]


def contrast(first, second):
    """WCAG 2.2's contrast ratio."""
    low, high = sorted([luminance(first), luminance(second)])
    return (high + 0.05) / (low + 0.05)


def schemes():
    text = Path(pages.__file__).with_name("style.css").read_text("utf-8")
    return [
        dict(re.findall(r"(--[\w-]+): (#[0-9a-f]{6})", half)) for half in text.split("@media")[:2]
    ]


def test_style_sheet_and_figures_agree_on_the_light_colours():
    light, _ = schemes()
    assert {name: light[name] for name in VARIABLES.values()} == {
        name: colour for colour, name in VARIABLES.items()
    }


@pytest.mark.parametrize("scheme", [0, 1], ids=["light", "dark"])
def test_text_is_legible(scheme):
    colours = schemes()[scheme]
    for name in ("--ink", "--muted", "--train", "--validation", "--error"):
        assert contrast(colours[name], colours["--paper"]) >= 4.5, name
    for level in range(len(HEAT)):
        ink = "--paper" if level >= figures.DARK_LEVEL else "--ink"
        assert contrast(colours[ink], colours[f"--heat-{level}"]) >= 4.5, level


@pytest.mark.parametrize("scheme", [0, 1], ids=["light", "dark"])
def test_shades_are_perceptually_uniform(scheme):
    colours = schemes()[scheme]
    lightness = []
    for level in range(len(HEAT)):
        colour = colours[f"--heat-{level}"]
        channels = np.array([int(colour[i : i + 2], 16) for i in (1, 3, 5)]) / 255
        linear = np.where(
            channels <= 0.04045, channels / 12.92, ((channels + 0.055) / 1.055) ** 2.4
        )
        # OKLab, https://bottosson.github.io/posts/oklab/
        cones = np.cbrt(
            [
                linear @ [0.4122214708, 0.5363325363, 0.0514459929],
                linear @ [0.2119034982, 0.6806995451, 0.1073969566],
                linear @ [0.0883024619, 0.2817188376, 0.6299787005],
            ]
        )
        lightness.append(cones @ [0.2104542553, 0.7936177850, -0.0040720468])
    steps = np.diff(lightness)
    assert np.allclose(steps, steps.mean(), atol=0.004)
