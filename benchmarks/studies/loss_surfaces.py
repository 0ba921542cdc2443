"""Draws the paths of optimizers over surfaces that can be seen whole.

    python benchmarks/studies/loss_surfaces.py

A ravine, a saddle and a minimum beside a lower one; how long AdaGrad's steps stay; and Nesterov
momentum as some lectures print it beside the corrected form. Writes three pictures and an animation
into docs/images/; what they show is in docs/explanation/optimizers.md. Half a minute.
"""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import keras
import numpy as np
from keras.optimizers import SGD, Adagrad, Adam, Optimizer, RMSprop
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.ticker import LogLocator, NullLocator
from PIL import Image

from kerasrecipes.optimizers import Momentum
from kerasrecipes.page.svg import INK, MUTED, RULE, house_style

STEPS = 100
COLOURS = {
    "SGD": "#1a1d21",
    "momentum": "#b85000",
    "Nesterov": "#c99700",
    "AdaGrad": "#007a5a",
    "RMSprop": "#a0418f",
    "Adam": "#0072b2",
    "as printed": MUTED,
}
LEVEL = "#c3cad1"
# Its path is the same as RMSprop's where gradients keep their signs: drawn wide, it shows below.
WIDTHS = {"AdaGrad": 3.0}


@dataclass(frozen=True)
class Surface:
    """A loss over two weights, `(x, y)`.

    Args:
        title: What it is.
        loss: Function of two arrays.
        gradient: Function of two floats; returns the two derivatives.
        start: Where paths begin.
        lowest: The least loss.
        window: `(left, right, bottom, top)` of the picture.
        rate: Learning rate of SGD. Momentum and Nesterov, which add ten steps up, get a third.
        adaptive_rate: Learning rate of RMSprop and Adam. AdaGrad, whose steps shrink, gets five
            times as much.
    """

    title: str
    loss: Callable
    gradient: Callable
    start: tuple[float, float]
    lowest: float
    window: tuple[float, float, float, float]
    rate: float
    adaptive_rate: float

    def optimizers(self) -> dict[str, Optimizer]:
        """Returns a new optimizer of each kind, by name."""
        return {
            "SGD": SGD(self.rate),
            "momentum": Momentum(self.rate / 3),
            "Nesterov": Momentum(self.rate / 3, nesterov=True),
            "AdaGrad": Adagrad(5 * self.adaptive_rate, initial_accumulator_value=0.0),
            "RMSprop": RMSprop(self.adaptive_rate),
            "Adam": Adam(self.adaptive_rate),
        }


SURFACES = (
    Surface(
        title="ravine",  # Along y 40 times as steep as along x: rates from 2/40 on diverge.
        loss=lambda x, y: (x**2 + 40 * y**2) / 2,
        gradient=lambda x, y: (x, 40 * y),
        start=(-4.0, 0.9),
        lowest=0.0,
        window=(-4.5, 1.5, -1.3, 1.3),
        rate=0.047,
        adaptive_rate=0.1,
    ),
    Surface(
        title="saddle",  # The ridge is y = 0: a path that starts on it ends at the saddle.
        loss=lambda x, y: x**2 / 2 - y**2 / 2 + y**4 / 4,
        gradient=lambda x, y: (x, y**3 - y),
        start=(-1.5, 0.001),
        lowest=-0.25,
        window=(-1.7, 0.9, -0.5, 1.5),
        rate=0.1,
        adaptive_rate=0.05,
    ),
    Surface(
        title="two minima",  # At x = 0.95, of loss 0.10, and at x = -1.05, of loss -0.10.
        loss=lambda x, y: (x**2 - 1) ** 2 / 4 + x / 10 + y**2 / 2,
        gradient=lambda x, y: (x**3 - x + 0.1, y),
        start=(2.0, 0.9),
        lowest=-0.1023861,
        window=(-1.8, 2.2, -1.0, 1.1),
        rate=0.1,
        adaptive_rate=0.05,
    ),
)


def path(optimizer, gradient, start, steps=STEPS) -> np.ndarray:
    """Returns where an optimizer is before its first step and after each, `(steps + 1, 2)`."""
    weights = keras.Variable(start)
    places = [keras.ops.convert_to_numpy(weights)]
    for _ in range(steps):
        optimizer.apply([keras.ops.array(gradient(*places[-1]))], [weights])
        places.append(keras.ops.convert_to_numpy(weights))
    return np.array(places)


def literal_nesterov(gradient, start, steps, learning_rate, momentum) -> np.ndarray:
    """Returns the path of Nesterov momentum as some lectures print it: it looks ahead uphill.

    The velocity sums gradients up and is subtracted, so that `w + momentum * v` lies behind, and
    further away than a step leads.
    """
    w, v, places = np.array(start), np.zeros(len(start)), [np.array(start)]
    for _ in range(steps):
        v = momentum * v + np.array(gradient(*(w + momentum * v)))
        w = w - learning_rate * v
        places.append(w)
    return np.array(places)


def step_lengths(steps=300) -> dict[str, np.ndarray]:
    """Returns how long the steps down an even slope are, by optimizer."""
    optimizers = {
        "AdaGrad": Adagrad(0.1, initial_accumulator_value=0.0),
        "RMSprop": RMSprop(0.1),
        "Adam": Adam(0.1),
    }
    return {
        name: -np.diff(path(optimizer, lambda x: (1.0,), (0.0,), steps)[:, 0])
        for name, optimizer in optimizers.items()
    }


def distances(steps=60) -> dict[str, np.ndarray]:
    """Returns how far from the minimum of a parabola of curvature 100 momentum is."""
    slope, start = lambda x: (100 * x,), (1.0,)
    paths = {
        "as printed": literal_nesterov(slope, start, steps, 0.001, 0.9),
        "Nesterov": path(Momentum(0.001, nesterov=True), slope, start, steps),
        "momentum": path(Momentum(0.001), slope, start, steps),
    }
    return {name: np.abs(places[1:, 0]) for name, places in paths.items()}


def main(folder=Path(__file__).parents[2] / "docs" / "images"):
    """Writes all pictures into a folder."""
    paths = {
        surface.title: {
            name: path(optimizer, surface.gradient, surface.start)
            for name, optimizer in surface.optimizers().items()
        }
        for surface in SURFACES
    }
    with house_style():
        figures = {
            "loss_surfaces": draw_paths(paths),
            "adagrad": draw_lines(step_lengths(), ylabel="length of the step", xscale="log"),
            "nesterov": draw_lines(
                distances(), ylabel="distance from the minimum", ylim=(1e-4, 1e4)
            ),
        }
        for name, figure in figures.items():
            _picture(figure).save(folder / f"{name}.png", optimize=True)
        first, *others = animation(paths)
        first.save(
            folder / "loss_surfaces.gif", append_images=others, save_all=True, duration=120, loop=0
        )


def _new_figure(width, height, *shape, dpi=144, **options):
    figure = Figure(figsize=(width, height), dpi=dpi, layout="constrained")
    return figure, figure.subplots(*shape, **options)


def _write_powers(axes):
    """Labels logarithmic scales without superscripts, which the house style does not set."""
    for axis in (axes.xaxis, axes.yaxis):
        if axis.get_scale() == "log":
            axis.set_major_locator(LogLocator(numticks=6))
            axis.set_major_formatter("{x:g}")
            axis.set_minor_locator(NullLocator())


def _draw_level_sets(axes, surface):
    left, right, bottom, top = surface.window
    x, y = np.meshgrid(np.linspace(left, right, 200), np.linspace(bottom, top, 200))
    # Evenly spaced roots keep the sets apart where the surface is flat.
    above = np.sqrt(np.maximum(surface.loss(x, y) - surface.lowest, 0))
    axes.contour(x, y, above, levels=14, colors=LEVEL, linewidths=0.8)
    axes.set_title(surface.title, loc="left", fontsize="medium")
    axes.set(xlim=(left, right), ylim=(bottom, top), xticks=[], yticks=[])
    axes.spines[:].set_visible(False)


def draw_paths(paths) -> Figure:
    """Returns a figure: paths over level sets, and below them the loss step by step."""
    figure, panels = _new_figure(9, 5.2, 2, 3, height_ratios=(3, 2))
    for (above, below), surface in zip(panels.T, SURFACES, strict=True):
        _draw_level_sets(above, surface)
        for name, places in paths[surface.title].items():
            line = {"color": COLOURS[name], "linewidth": WIDTHS.get(name, 1.2), "label": name}
            above.plot(*places.T, marker=".", markersize=2.5, **line)
            below.plot(surface.loss(*places.T) - surface.lowest, **line)
        above.plot(*surface.start, "o", color=INK, markersize=5)
        below.set(yscale="log", ylim=(1e-4, None), xlabel="step")
        below.margins(x=0)
        _write_powers(below)
        below.grid(color=RULE, linewidth=0.8)
    panels[1, 0].set_ylabel("loss above the least")
    _add_legend(figure, panels[0, 0])
    return figure


def draw_lines(series, **settings) -> Figure:
    """Returns a figure of values by step, from step 1 on, on a logarithmic scale."""
    figure, axes = _new_figure(6, 2.8, 1, 1)
    for name, values in series.items():
        line = {"color": COLOURS[name], "linewidth": 1.6, "label": name}
        axes.plot(np.arange(1, len(values) + 1), values, **line)
    axes.set(xlabel="step", yscale="log", **settings)
    _write_powers(axes)
    axes.grid(color=RULE, linewidth=0.8)
    axes.legend(frameon=False)
    return figure


def animation(paths, every: int = 3) -> list[Image.Image]:
    """Returns pictures of the paths as they grow, by three steps each."""
    figure, panels = _new_figure(9, 2.8, 1, 3, dpi=72)
    drawn = []
    for axes, surface in zip(panels, SURFACES, strict=True):
        _draw_level_sets(axes, surface)
        for name, places in paths[surface.title].items():
            (line,) = axes.plot(
                *places.T, color=COLOURS[name], linewidth=WIDTHS.get(name, 1.2), label=name
            )
            (dot,) = axes.plot(*places[-1:].T, "o", color=COLOURS[name], markersize=4)
            drawn.append((line, dot, places))
    _add_legend(figure, panels[0])
    # The last picture has all colours: in its palette, most of a picture equals the one before.
    palette, pictures = _picture(figure), []
    figure.set_layout_engine("none")
    for step in range(0, STEPS + 1, every):
        for line, dot, places in drawn:
            line.set_data(*places[: step + 1].T)
            dot.set_data(*places[step : step + 1].T)
        pictures.append(_picture(figure, palette))
    return pictures


def _add_legend(figure, axes):
    handles, labels = axes.get_legend_handles_labels()
    figure.legend(handles, labels, loc="outside lower center", ncols=len(labels), frameon=False)


def _picture(figure, palette: Image.Image | None = None) -> Image.Image:
    """Returns a figure as an image of 256 colours, a fraction of the size of one of all colours."""
    canvas = FigureCanvasAgg(figure)
    canvas.draw()
    image = Image.fromarray(np.asarray(canvas.buffer_rgba())).convert("RGB")
    return image.quantize(256, palette=palette, dither=Image.Dither.NONE)


if __name__ == "__main__":
    main()
