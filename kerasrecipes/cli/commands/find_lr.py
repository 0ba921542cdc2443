"""The command `find-lr`: the learning rate range test of a recipe."""

import argparse

from kerasrecipes.cli.arguments import add_picture, picture_path, write_picture
from kerasrecipes.cli.command import Command, Request
from kerasrecipes.cli.starts import trained_start


def _add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--lowest", type=float, default=1e-6, help="default: 1e-6")
    parser.add_argument("--highest", type=float, default=10.0, help="default: 10")
    parser.add_argument("--steps", type=int, default=100, help="length of the test (default: 100)")
    add_picture(parser, "find_lr.png")


def _find_learning_rate(asked: Request) -> None:
    """Runs a learning rate range test with a recipe's model, data and augmentation, and draws it.

    The recipe's schedule plays no part. A recipe that starts from another one's network is tested
    on that network.
    """
    from kerasrecipes.data.batches import training_batches
    from kerasrecipes.diagnostics import find_lr
    from kerasrecipes.diagnostics.learning_rate_finder import batches_of_update
    from kerasrecipes.diagnostics.rules.remedies import highest_rate_path
    from kerasrecipes.training.building.build import build_recipe

    recipe, arguments = asked.recipe, asked.arguments
    path = picture_path(arguments.output)
    dataset = recipe.data.build("data").load()
    built = build_recipe(recipe, dataset, trained_start(asked, dataset))
    batches = training_batches(
        built.dataset.train,
        batch_size=built.batch_size,
        seed=recipe.seed,
        steps_per_epoch=arguments.steps * batches_of_update(built.model.optimizer),
        epochs=range(1),
        augment=built.augment,
        classes=len(built.dataset.class_names),
        sampled=built.sampled,
    )
    found = find_lr(
        built.model,
        batches,
        lowest=arguments.lowest,
        highest=arguments.highest,
        steps=arguments.steps,
    )
    end = "diverged" if found.diverged else "did not diverge"
    print(f"the loss is least at {found.minimum:.2g} and falls fastest at {found.steepest:.2g}")
    print(f"up to {found.learning_rates[-1]:.2g} it {end}")
    print(f"suggestion: --set {highest_rate_path(recipe.flatten())}={found.suggestion:.2g}")
    print(f"picture: {write_picture(path, _draw(found).savefig)}")


def _draw(found):
    from matplotlib.figure import Figure

    from kerasrecipes.page.svg import MUTED, RULE, TRAIN, VALIDATION, house_style

    with house_style():
        figure = Figure(figsize=(6.4, 3.2), dpi=144, layout="constrained")
        axes = figure.subplots()
        axes.plot(found.learning_rates, found.losses, color=RULE, linewidth=1, label="each step")
        smoothed = found.smoothed_losses
        axes.plot(found.learning_rates, smoothed, color=TRAIN, linewidth=1.6, label="smoothed")
        marks = {"steepest": (found.steepest, VALIDATION), "suggestion": (found.suggestion, MUTED)}
        for name, (rate, colour) in marks.items():
            axes.axvline(rate, color=colour, linewidth=1, label=f"{name}: {rate:.2g}")
        # What lies far above the first loss is of no interest, and would press the rest flat.
        top = smoothed[0] + 0.5 * (smoothed[0] - smoothed.min())
        axes.set(xscale="log", xlabel="learning rate", ylabel="loss")
        axes.set_ylim(found.losses.min(), max(top, 1.05 * smoothed[0]))
        axes.margins(x=0)
        axes.legend(frameon=False, fontsize="small")
    return figure


COMMAND = Command(
    name="find-lr",
    help="try ever higher learning rates for a few steps, and suggest one",
    runs_code=True,
    takes="recipe",
    add_arguments=_add_arguments,
    run=_find_learning_rate,
)
