import re

import numpy as np
import pytest

from kerasrecipes.page import epoch_curves
from kerasrecipes.page.svg import FONT_PIXELS
from tests.page.drawn import is_affine, lines, texts


def history(**columns):
    length = len(next(iter(columns.values())))
    return [
        {"epoch": i + 1, **{name: values[i] for name, values in columns.items()}}
        for i in range(length)
    ]


def test_curves_go_through_the_values():
    train, validation = np.array([2.0, 1.2, 0.9, 0.3]), np.array([1.9, 1.5, 0.7, 0.6])
    svg = epoch_curves.curves(history(loss=train, val_loss=validation), "loss")
    train_line, validation_line = lines(svg, "--train")[0], lines(svg, "--validation")[0]
    assert is_affine(train_line[:, 0], [1, 2, 3, 4])
    both = np.concatenate([train_line, validation_line])[:, 1]
    assert is_affine(both, np.concatenate([train, validation]))
    assert both[0] < both[3], "up is more"


def test_curves_are_told_apart_without_colour():
    svg = epoch_curves.curves(history(loss=[2.0, 1.0, 0.5], val_loss=[2.0, 1.5, 1.0]), "loss")
    dashed = [style for style in re.findall(r'style="([^"]*)"', svg) if "dasharray: 6.4" in style]
    assert len(dashed) == 1
    assert "var(--train)" in dashed[0]
    assert {"train", "validation"} <= set(texts(svg))


def test_names_of_curves_that_meet_are_kept_apart():
    svg = epoch_curves.curves(history(loss=[2.0, 1.0], val_loss=[2.0, 1.0]), "loss")
    heights = [float(y) for y in re.findall(r' y="([\d.]+)"[^>]*>(?:train|validation)<', svg)]
    assert abs(heights[0] - heights[1]) >= FONT_PIXELS


def test_a_value_that_is_not_finite_leaves_a_gap():
    loss = [3.0, 2.0, float("nan"), 1.0, 0.5, float("inf")]
    svg = epoch_curves.curves(history(loss=loss, val_loss=[1.0] * 6), "loss")
    assert [len(piece) for piece in lines(svg, "--train")] == [2, 2]


def test_no_finite_value_is_no_figure():
    rows = history(loss=[float("nan")] * 3, val_loss=[None] * 3, learning_rate=[None] * 3)
    assert epoch_curves.curves(rows, "loss") is None
    assert epoch_curves.curves(rows, "accuracy") is None
    assert epoch_curves.learning_rate(rows) is None


@pytest.mark.parametrize("epochs", [1, 2, 3, 1000])
def test_any_number_of_epochs(epochs):
    rows = history(loss=np.geomspace(1, 0.5, epochs), learning_rate=[0.1] * epochs)
    svg = epoch_curves.curves(rows, "loss", chosen_epoch=epochs)
    assert f"epoch {epochs} kept" in texts(svg)
    ticks = [text for text in texts(epoch_curves.learning_rate(rows)) if re.fullmatch(r"\d+", text)]
    assert 0 < len(ticks) <= 8, "epochs are whole"


def test_a_loss_over_two_decades_gets_a_logarithmic_axis():
    loss = np.array([10.0, 1.0, 0.1, 0.01])
    svg = epoch_curves.curves(history(loss=loss), "loss")
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
    line = max(lines(epoch_curves.learning_rate(history(learning_rate=rates)), "--ink"), key=len)
    assert is_affine(line[:, 1], scale(rates))


def test_accuracy_is_in_percent_and_ends_at_100():
    svg = epoch_curves.curves(history(accuracy=[0.5, 0.9, 1.0]), "accuracy", in_percent=True)
    percents = [float(text[:-1]) for text in texts(svg) if text.endswith("%")]
    assert max(percents) == 100
    highest = lines(svg, "--train")[0][:, 1].min()
    assert highest == pytest.approx(20, abs=0.01), "the top of the axes"


def test_the_chosen_epoch_is_marked_where_it_is():
    rows = history(loss=[3.0, 2.0, 1.0], val_loss=[3.0, 2.5, 2.75])
    svg = epoch_curves.curves(rows, "loss", chosen_epoch=2)
    x = lines(svg, "--validation")[0][1, 0]
    markers = [line for line in lines(svg, "--muted") if len(line) == 2]
    assert any(np.allclose(line[:, 0], x) for line in markers)


def test_marks_stand_at_their_epochs_and_others_are_left_out():
    rows = history(loss=[3.0, 2.0, 1.0], val_loss=[3.0, 2.5, 2.75])
    svg = epoch_curves.curves(rows, "loss", marks={2: "lowest", 9: "never"})
    assert "lowest" in texts(svg)
    assert "never" not in texts(svg)
    x = lines(svg, "--validation")[0][1, 0]
    assert any(np.allclose(line[:, 0], x) for line in lines(svg, "--muted") if len(line) == 2)


def test_two_marks_are_written_in_two_rows():
    rows = history(loss=[3.0, 2.0, 1.0])
    svg = epoch_curves.curves(rows, "loss", marks={2: "one", 3: "two"})
    first, second = (float(re.search(rf' y="([\d.]+)"[^>]*>{t}<', svg)[1]) for t in ("one", "two"))
    assert second - first == FONT_PIXELS + 2
