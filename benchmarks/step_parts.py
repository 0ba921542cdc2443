"""Claim: `fit` takes at most 5% longer than a loop that is written by hand for the backend.

    KERAS_BACKEND=tensorflow python benchmarks/step_parts.py [NAME ...] [--turns 5] [--wall]

Where the time of training steps goes, for the demo recipe, for cifar10_resnet20 and for MobileNet
at 224 pixels, all of which is fine-tuned: reading and augmenting the images, the forward pass, the
backward pass, the optimizer. `fit` and the loop by hand (`steps/bare_loop.py`) take the same steps
on the same augmented batches; what `train` adds to `fit` is measured by training_overhead.py.

Pixels are random. The contenders take turns of some steps each, so that what else the machine does
falls on each of them. Parts are differences of medians over the turns. Printed are CPU milliseconds
a step, or with `--wall` those of the wall's clock.
"""

import argparse
import functools
import os
import statistics

import keras
from harness.inputs import random_images, recipe_of
from harness.turns import CPU, WALL, take_turns
from steps.bare_loop import bare_steps

from kerasrecipes import Recipe, use
from kerasrecipes.base.checks import check_choice
from kerasrecipes.cli.tables import print_table
from kerasrecipes.data import training_batches
from kerasrecipes.training import build_recipe

MOBILENET = Recipe(
    data="Digits",  # Only its name: the images are random.
    preprocessing=[],
    augment=[use("RandomResizedCrop"), use("RandomFlip", mode="horizontal")],
    model=use("Pretrained", backbone="MobileNet", weights=None, trainable_stages="all"),
    optimizer=use("SGD", learning_rate=1e-3, momentum=0.9),
    batch_size=32,
)
# Each with the shape of its images, and its steps in a turn.
CASES = {
    "demo": (lambda: recipe_of("train_from_scratch"), (16, 16, 1), 40),
    "ResNet-20": (lambda: recipe_of("cifar10_resnet20"), (32, 32, 3), 8),
    "MobileNet": (lambda: MOBILENET, (224, 224, 3), 2),
}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("names", nargs="*", help=f"some of {', '.join(CASES)}")
    parser.add_argument("--turns", type=int, default=5)
    parser.add_argument("--wall", action="store_true", help="seconds of the wall's clock")
    arguments = parser.parse_args()
    for name in arguments.names:
        check_choice("names", name, CASES)
    names = arguments.names or CASES
    clock = WALL if arguments.wall else CPU
    print_table([row(name, arguments.turns, clock) for name in names])
    print(
        f"\n{keras.backend.backend()}, {'wall' if arguments.wall else 'CPU'} ms a step, "
        f"n = {arguments.turns} turns, load {os.getloadavg()[0]:.1f}"
    )


def row(name: str, turns: int, clock: int) -> dict[str, str]:
    """Measures a network, and returns its row of the table."""
    make, shape, steps = CASES[name]
    recipe = make().replace({"steps_per_epoch": steps})
    dataset = random_images(steps * recipe.batch_size, shape, validation=10)
    seconds = take_turns(functions_of(recipe, dataset, steps), turns)
    median = {part: statistics.median(each[:, clock]) for part, each in seconds.items()}
    ratios = (seconds["fit"] / seconds["by hand"])[:, clock]

    def share(part: float) -> str:
        return f"{1000 * part / steps:.1f} ({part / median['by hand']:.0%})"

    return {
        "network": f"{name}, batch {recipe.batch_size}",
        "input": share(median["input"]),
        "forward": share(median["forward"]),
        "backward": share(median["gradients"] - median["forward"]),
        "optimizer": share(median["train"] - median["gradients"]),
        "by hand": f"{1000 * median['by hand'] / steps:.1f}",
        "fit": f"{1000 * median['fit'] / steps:.1f}",
        "ratio": f"{statistics.median(ratios):.2f} ({min(ratios):.2f} to {max(ratios):.2f})",
    }


def functions_of(recipe: Recipe, dataset, steps: int) -> dict:
    """Returns functions that take `steps` steps, or parts of them, by name."""
    built, by_hand = build_recipe(recipe, dataset), build_recipe(recipe, dataset)

    def batches():
        """Returns the batches of an epoch, which are read and augmented as they are needed."""
        return training_batches(
            dataset.train,
            batch_size=built.batch_size,
            seed=0,
            steps_per_epoch=steps,
            epochs=range(1),
            augment=built.augment,
        )

    def stream():
        found = batches()
        if keras.backend.backend() == "tensorflow":
            return found
        return map(found.__getitem__, range(steps))

    def fit():
        built.model.fit(batches(), steps_per_epoch=steps, shuffle=False, verbose=0)

    bare = bare_steps(by_hand.model)
    ready = [*stream()]
    return {
        "input": lambda: [None for _ in stream()],
        "forward": functools.partial(bare.forward, ready),
        "gradients": functools.partial(bare.gradients, ready),
        "train": functools.partial(bare.train, ready),
        "by hand": lambda: bare.train(stream()),
        "fit": fit,
    }


if __name__ == "__main__":
    main()
