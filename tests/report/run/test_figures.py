import re
from pathlib import Path

import numpy as np
import pytest

from kerasrecipes.page import pages
from kerasrecipes.page.svg import HEAT, VARIABLES
from kerasrecipes.report.run import figures


def history(**columns):
    length = len(next(iter(columns.values())))
    return [
        {"epoch": i + 1, **{name: values[i] for name, values in columns.items()}}
        for i in range(length)
    ]


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


def test_curves_go_through_the_values():
    train, validation = np.array([2.0, 1.2, 0.9, 0.3]), np.array([1.9, 1.5, 0.7, 0.6])
    svg = figures.curves(history(loss=train, val_loss=validation), "loss")
    train_line, validation_line = lines(svg, "--train")[0], lines(svg, "--validation")[0]
    assert is_affine(train_line[:, 0], [1, 2, 3, 4])
    both = np.concatenate([train_line, validation_line])[:, 1]
    assert is_affine(both, np.concatenate([train, validation]))
    assert both[0] < both[3], "up is more"


def test_curves_are_told_apart_without_colour():
    svg = figures.curves(history(loss=[2.0, 1.0, 0.5], val_loss=[2.0, 1.5, 1.0]), "loss")
    dashed = [style for style in re.findall(r'style="([^"]*)"', svg) if "dasharray: 6.4" in style]
    assert len(dashed) == 1
    assert "var(--train)" in dashed[0]
    assert {"train", "validation"} <= set(texts(svg))


def test_names_of_curves_that_meet_are_kept_apart():
    svg = figures.curves(history(loss=[2.0, 1.0], val_loss=[2.0, 1.0]), "loss")
    heights = [float(y) for y in re.findall(r' y="([\d.]+)"[^>]*>(?:train|validation)<', svg)]
    assert abs(heights[0] - heights[1]) >= figures.FONT_PIXELS


def test_a_value_that_is_not_finite_leaves_a_gap():
    loss = [3.0, 2.0, float("nan"), 1.0, 0.5, float("inf")]
    svg = figures.curves(history(loss=loss, val_loss=[1.0] * 6), "loss")
    assert [len(piece) for piece in lines(svg, "--train")] == [2, 2]


def test_no_finite_value_is_no_figure():
    rows = history(loss=[float("nan")] * 3, val_loss=[None] * 3, learning_rate=[None] * 3)
    assert figures.curves(rows, "loss") is None
    assert figures.curves(rows, "accuracy") is None
    assert figures.learning_rate(rows) is None


@pytest.mark.parametrize("epochs", [1, 2, 3, 1000])
def test_any_number_of_epochs(epochs):
    rows = history(loss=np.geomspace(1, 0.5, epochs), learning_rate=[0.1] * epochs)
    svg = figures.curves(rows, "loss", chosen_epoch=epochs)
    assert f"epoch {epochs} kept" in texts(svg)
    ticks = [text for text in texts(figures.learning_rate(rows)) if re.fullmatch(r"\d+", text)]
    assert 0 < len(ticks) <= 8, "epochs are whole"


def test_a_loss_over_two_decades_gets_a_logarithmic_axis():
    loss = np.array([10.0, 1.0, 0.1, 0.01])
    svg = figures.curves(history(loss=loss), "loss")
    assert is_affine(lines(svg, "--train")[0][:, 1], np.log(loss))
    assert {"0.01", "0.1", "1", "10"} <= set(texts(svg))


@pytest.mark.parametrize(
    ("rates", "scale"),
    [
        ([0.1, 0.05, 0.0011], np.asarray),
        ([0.1, 0.01, 0.0009], np.log),
        ([0.1, 0.0001, 0.0], np.asarray),
    ],
    ids=["under two decades", "over two decades", "down to zero"],
)
def test_learning_rate_is_logarithmic_over_two_decades(rates, scale):
    line = max(lines(figures.learning_rate(history(learning_rate=rates)), "--ink"), key=len)
    assert is_affine(line[:, 1], scale(rates))


def test_accuracy_is_in_percent_and_ends_at_100():
    svg = figures.curves(history(accuracy=[0.5, 0.9, 1.0]), "accuracy", in_percent=True)
    percents = [float(text[:-1]) for text in texts(svg) if text.endswith("%")]
    assert max(percents) == 100
    highest = lines(svg, "--train")[0][:, 1].min()
    assert highest == pytest.approx(20, abs=0.01), "the top of the axes"


def test_the_chosen_epoch_is_marked_where_it_is():
    rows = history(loss=[3.0, 2.0, 1.0], val_loss=[3.0, 2.5, 2.75])
    svg = figures.curves(rows, "loss", chosen_epoch=2)
    x = lines(svg, "--validation")[0][1, 0]
    markers = [line for line in lines(svg, "--muted") if len(line) == 2]
    assert any(np.allclose(line[:, 0], x) for line in markers)


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
    for name in ("--ink", "--muted", "--train", "--validation"):
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
