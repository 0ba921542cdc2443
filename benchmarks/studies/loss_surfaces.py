"""Pictures of the paths of optimizers over surfaces that can be seen whole.

    python -m benchmarks.studies.loss_surfaces

31 seconds of CPU time, all of it deterministic. Of six optimizers, momentum and Nesterov momentum
alone pass the higher of two minima; Nesterov momentum as some lectures print it diverges.

A ravine, a saddle and a minimum beside a lower one; how long AdaGrad's steps stay; and Nesterov
momentum as it is printed beside the corrected form. Writes three pictures and an animation into
docs/images/; what they show is in docs/explanation/optimizers.md.
"""

from pathlib import Path

import numpy as np
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.ticker import LogLocator, NullLocator
from PIL import Image

from benchmarks.studies.optimizer_paths import STEPS, SURFACES, distances, path, step_lengths
from benchmarks.studies.study import BLUE, GREEN, IMAGES, ORANGE, PURPLE, YELLOW, Study, new_figure
from kerasrecipes.page.svg import INK, MUTED, RULE, house_style

STUDY = Study("loss_surfaces")

COLOURS = {
    "SGD": INK,
    "momentum": ORANGE,
    "Nesterov": YELLOW,
    "AdaGrad": GREEN,
    "RMSprop": PURPLE,
    "Adam": BLUE,
    "as printed": MUTED,
}
LEVEL = "#c3cad1"
# Its path is the same as RMSprop's where gradients keep their signs: drawn wide, it shows below.
WIDTHS = {"AdaGrad": 3.0}


def main() -> None:
    """Writes all pictures into docs/images/."""
    STUDY.parser(__doc__).parse_args()
    write_pictures(IMAGES)


def write_pictures(folder: Path) -> None:
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
    with new_figure(9, 5.2, 2, 3, height_ratios=(3, 2)) as (figure, panels):
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
    with new_figure(6, 2.8) as (figure, axes):
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
    drawn, pictures = [], []
    with new_figure(9, 2.8, 1, 3, dpi=72) as (figure, panels):
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
        palette = _picture(figure)
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
