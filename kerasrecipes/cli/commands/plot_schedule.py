"""A picture of what a recipe will do with learning rate and momentum, before it runs."""

import argparse
from pathlib import Path

from kerasrecipes.base.checks import check_choice
from kerasrecipes.cli.arguments import add_set

# Steps at which a longer run is looked at.
POINTS = 500

FORMATS = (".png", ".svg", ".pdf")


def add_plot_schedule(parser: argparse.ArgumentParser) -> None:
    """Adds the arguments of `plot-schedule`, but not the recipe."""
    add_set(parser, "change a value of the recipe, such as epochs=30; repeatable")
    parser.add_argument(
        "--output",
        default="schedule.png",
        metavar="FILE",
        help="a .png, .svg or .pdf file (default: schedule.png)",
    )


def plot_schedule(recipe, path: str | Path) -> None:
    """Draws learning rate and momentum over a recipe's epochs, and prints where they go.

    What callbacks will change while it trains is not in it.

    Args:
        recipe: The recipe. Its data is loaded, because they tell how many steps an epoch has.
        path: The picture, a PNG, SVG or PDF file by its suffix.

    Raises:
        ValueError: If the recipe cannot be run, or the suffix is another.
    """
    from kerasrecipes.training.build import build_recipe

    path = Path(path)
    check_choice("the suffix of --output", path.suffix, FORMATS)
    built = build_recipe(recipe, recipe.data.build("data").load())
    steps_per_epoch = built.length.steps_per_epoch
    epochs, series = rates_over(built.model.optimizer, built.length)
    for name, values in series.items():
        high = values.argmax()
        print(
            f"{name.replace('_', ' ')}: {values[0]:g} at first, {values.max():g} at most "
            f"(epoch {epochs[high]:.3g}), {values[-1]:g} at last"
        )
    print(f"{recipe.epochs} epochs of {steps_per_epoch:,} steps: {path}")
    path.parent.mkdir(parents=True, exist_ok=True)
    _draw(epochs, series).savefig(path)


def rates_over(optimizer, length):
    """Returns times in epochs, and learning rate and momentum at each, by name, as NumPy arrays.

    The optimizer's count of steps is changed.
    """
    import numpy as np

    from kerasrecipes.callbacks.rates import optimizer_rates, separate_optimizers

    last = length.total_steps - 1
    steps = np.unique(np.linspace(0, last, min(POINTS, last + 1)).round().astype(int))
    rows = []
    for step in steps:
        for part in separate_optimizers(optimizer):
            part.iterations.assign(step)
        rows.append(optimizer_rates(optimizer))
    series = {name: np.array([row[name] for row in rows]) for name in rows[0]}
    return steps / length.steps_per_epoch, series


def _draw(epochs, series):
    """Returns a figure with a panel for each series."""
    from matplotlib.figure import Figure

    from kerasrecipes.page.svg import RULE, TRAIN, VALIDATION, house_style

    with house_style():
        figure = Figure(figsize=(6.4, 2.2 * len(series) + 0.6), dpi=144, layout="constrained")
        panels = figure.subplots(len(series), sharex=True, squeeze=False)[:, 0]
        for axes, (name, values) in zip(panels, series.items(), strict=True):
            colour = TRAIN if name.startswith("learning_rate") else VALIDATION
            axes.plot(epochs, values, color=colour, linewidth=1.6, clip_on=False)
            axes.set_title(name.replace("_", " "), loc="left", fontsize="medium")
            axes.margins(x=0)
            axes.yaxis.grid(color=RULE, linewidth=0.8)
            if name.startswith("learning_rate"):
                axes.set_ylim(bottom=0)
        panels[-1].set_xlabel("epoch")
    return figure
