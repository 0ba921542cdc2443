r"""Asks each stage of a trained network how much it knows of other images.

    python recipes/probe_stages.py
    python recipes/probe_stages.py --set model.backbone=ResNet50 --set data=ImageFolder \
        --set data.directory=path/to/photographs --set data.image_size=224 \
        --set data.test_fraction=0.2

A linear classifier on each stage's features, all in one pass over the images; its L2 penalty is
chosen on validation, its accuracy is that on test, where there is a test split. Little data that
differs from what the network was trained on is often served best by an earlier stage than the last.
"""

import argparse
import sys

from kerasrecipes import Recipe, use
from kerasrecipes.cli.arguments import add_debug, add_set, changes_of
from kerasrecipes.cli.exits import clean_exit
from kerasrecipes.cli.tables import print_table
from kerasrecipes.training.build import build_recipe
from kerasrecipes.transfer import probe_stages

recipe = Recipe(
    data=use("Digits", image_size=32, examples_per_class=10),
    preprocessing=[],
    model=use("Pretrained", backbone="resnet20_cifar10"),
)


def table(probes, tested: bool) -> list[dict[str, str]]:
    """Returns a row a stage, with the one that validation chooses marked."""
    best = max(probes, key=lambda probe: probe.probe.validation_accuracy)
    rows = []
    for probe in probes:
        on_test = {
            "test": f"{probe.accuracy:.1%}",
            "95% interval": "{:.1%} to {:.1%}".format(*probe.interval),
            "n": str(probe.n),
        }
        rows.append(
            {
                "stage": probe.stage,
                "features": str(probe.features),
                "L2": f"{probe.probe.l2:g}",
                "validation": f"{probe.probe.validation_accuracy:.1%}",
                # Without a test split it would be validation's accuracy, which chose.
                **(on_test if tested else {}),
                "": "best on validation" if probe is best else "",
            }
        )
    return rows


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    add_set(parser, "change a value of the recipe, such as model.backbone=VGG16; repeatable")
    add_debug(parser)
    with clean_exit(debug="--debug" in sys.argv):
        arguments = parser.parse_args()
        changed = recipe.replace(changes_of(arguments))
        images = changed.data.build("data").load()
        probes = probe_stages(build_recipe(changed, images).model, images)
        print_table(table(probes, tested=images.test is not None))
