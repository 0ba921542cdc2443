"""Strips of shades: a statistic of each layer, from one look at the model to the next."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from markupsafe import Markup
from matplotlib.colors import ListedColormap
from matplotlib.ticker import MaxNLocator

from kerasrecipes.base.text import shortened
from kerasrecipes.diagnostics.record.probes import Probe
from kerasrecipes.page.formats import number, percent
from kerasrecipes.page.svg import HEAT, INK, RULE, house_style, new_axes, to_svg

# The width shrinks to that of a phone; see `to_svg`.
WIDTH_PIXELS, ROW_PIXELS = 440, 15

# More layers are thinned out, evenly.
MOST_LAYERS = 40
NAME_LENGTH = 22

# A logarithmic scale begins no farther below its end than this many decades.
MOST_DECADES = 8


@dataclass(frozen=True)
class Statistic:
    """A statistic of `LayerStatistics` that is drawn.

    Args:
        name: Its attribute.
        title: What it is called on a page.
        fraction: Whether it lies in `[0, 1]`. Otherwise its logarithm is drawn.
    """

    name: str
    title: str
    fraction: bool = False


STATISTICS = (
    Statistic("std", "Spread of the outputs"),
    Statistic("dead_fraction", "Units of relu that answer 0 to everything", fraction=True),
    Statistic("saturated_fraction", "Outputs where the activation is flat", fraction=True),
    Statistic("gradient_norm", "Gradient of the weights"),
    Statistic("update_ratio", "A step's change of the weights, over the weights"),
)


@dataclass(frozen=True)
class Strip:
    """A drawn statistic.

    Args:
        title: What it shows.
        scale: What the palest and the darkest shade stand for.
        svg: The `<svg>` element.
    """

    title: str
    scale: str
    svg: Markup


def heat_strips(probes: Sequence[Probe]) -> list[Strip]:
    """Draws the statistics of layers that are known, a row for each layer.

    Args:
        probes: Looks at a model; a column each. Fewer than two are drawn as bars elsewhere, and
            give no strips.
    """
    if len(probes) < 2:
        return []
    return [strip for statistic in STATISTICS if (strip := _strip(probes, statistic)) is not None]


def _strip(probes: Sequence[Probe], statistic: Statistic) -> Strip | None:
    layers = list(dict.fromkeys(name for probe in probes for name in probe.layers))
    table = np.array(
        [[_value(probe, layer, statistic.name) for probe in probes] for layer in layers], float
    ).reshape(len(layers), len(probes))
    known = np.isfinite(table).any(axis=1)
    layers, table = [name for name, has in zip(layers, known, strict=True) if has], table[known]
    if not layers:
        return None
    low, high = _limits(table, statistic)
    scale = (
        f"white {percent(low)}, dark {percent(high)}"
        if statistic.fraction
        else f"white {number(low)} or less, dark {number(high)}; logarithmic"
    )
    total, kept = len(layers), _thinned(len(layers))
    if total > len(kept):
        scale += f"; {len(kept)} of {total} layers"
    names = [layers[place] for place in kept]
    svg = _drawn(_levels(table[kept], low, high, statistic.fraction), names, probes, statistic)
    return Strip(statistic.title, scale, svg)


def _value(probe: Probe, layer: str, name: str) -> float:
    statistics = probe.layers.get(layer)
    value = None if statistics is None else getattr(statistics, name)
    return math.nan if value is None else value


def _limits(table: np.ndarray, statistic: Statistic) -> tuple[float, float]:
    """Returns the values of the palest and the darkest shade."""
    if statistic.fraction:
        return 0.0, 1.0
    positive = table[np.isfinite(table) & (table > 0)]
    if not len(positive):
        return 0.0, 0.0
    high = float(positive.max())
    return max(float(positive.min()), high * 10.0**-MOST_DECADES), high


def _levels(table: np.ndarray, low: float, high: float, fraction: bool) -> np.ndarray:
    """Returns the place of each value's shade in `HEAT`; NaN where it is not known."""
    if fraction:
        along = table
    else:
        clipped = np.clip(table, low or 1.0, high or 1.0)
        decades = math.log10(high / low) if high > low > 0 else 1.0
        along = np.log10(clipped / (low or 1.0)) / decades
    return np.round((len(HEAT) - 1) * along)


def _thinned(layers: int) -> list[int]:
    if layers <= MOST_LAYERS:
        return list(range(layers))
    return sorted({round(i * (layers - 1) / (MOST_LAYERS - 1)) for i in range(MOST_LAYERS)})


def _drawn(
    levels: np.ndarray, names: Sequence[str], probes: Sequence[Probe], statistic: Statistic
) -> Markup:
    by_epoch = len({probe.epoch for probe in probes}) == len(probes)
    with house_style():
        height = len(names) * ROW_PIXELS
        axes = new_axes(WIDTH_PIXELS, height + 40, left=150, top=4, right=4, bottom=36)
        shades = {"cmap": ListedColormap(HEAT), "vmin": 0, "vmax": len(HEAT) - 1}
        edges = {"edgecolors": RULE, "linewidth": 0.4} if len(probes) <= 60 else {}
        axes.pcolormesh(np.ma.masked_invalid(levels), clip_on=False, **edges, **shades)
        axes.invert_yaxis()
        shown = [shortened(name, NAME_LENGTH, tail=10) for name in names]
        axes.set_yticks(np.arange(len(names)) + 0.5, shown, color=INK)
        places = MaxNLocator(nbins=8, integer=True).tick_values(0, len(probes) - 1)
        chosen = [int(place) for place in places if 0 <= place < len(probes)]
        counted = [probes[p].epoch if by_epoch else probes[p].step for p in chosen]
        axes.set_xticks([place + 0.5 for place in chosen], [f"{n:,}" for n in counted])
        axes.set_xlabel("finished epochs" if by_epoch else "finished steps", labelpad=2)
        axes.spines[:].set_visible(False)
        return to_svg(axes.figure, f"{statistic.title}, a row for each layer, over time")
