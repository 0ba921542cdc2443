"""The command `plot-schedule`: learning rate and momentum over a recipe's epochs, in a figure."""

import argparse

from kerasrecipes.cli.arguments import add_picture, picture_path, write_picture
from kerasrecipes.cli.command import Command, Request

# Steps at which a longer run is looked at.
POINTS = 500


def _add_arguments(parser: argparse.ArgumentParser) -> None:
    add_picture(parser, "schedule.png")


def _plot_schedule(asked: Request) -> None:
    """Draws learning rate and momentum over a recipe's epochs, and prints where they go.

    Its data is loaded, because they tell how many steps an epoch has. What callbacks will change
    while it trains is not in it.
    """
    from kerasrecipes.training.building.build import build_recipe

    recipe, path = asked.recipe, picture_path(asked.arguments.output)
    built = build_recipe(recipe, recipe.data.build("data").load())
    steps_per_epoch = built.length.steps_per_epoch
    epochs, series = rates_over(built.model.optimizer, built.length)
    for name, values in series.items():
        high = values.argmax()
        print(
            f"{name.replace('_', ' ')}: {values[0]:g} at first, {values.max():g} at most "
            f"(epoch {epochs[high]:.3g}), {values[-1]:g} at last"
        )
    where = write_picture(path, _draw(epochs, series).savefig)
    print(f"{recipe.epochs} epochs of {steps_per_epoch:,} steps: {where}")


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
            # With gradient accumulation, `iterations` is a number of updates that cannot be set.
            for count in (v for v in part.variables if v.name == "iteration"):
                count.assign(step)
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


COMMAND = Command(
    name="plot-schedule",
    help="draw learning rate and momentum over a recipe's epochs",
    runs_code=True,
    takes="recipe",
    add_arguments=_add_arguments,
    run=_plot_schedule,
)
