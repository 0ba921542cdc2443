"""The command `augment-check`: augmentations that change what a trained network sees."""

import argparse
import sys
from pathlib import Path

from kerasrecipes.base.text import listed
from kerasrecipes.cli.arguments import add_grid, add_set, changes_of, finished_run, grid_path
from kerasrecipes.cli.command import Command
from kerasrecipes.cli.tables import print_table

_NAMED_CLASSES = 3
_VERDICTS = {"keeps": "keeps labels", "changes": "changes labels", "unclear": "unclear"}


def _add_arguments(parser: argparse.ArgumentParser) -> None:
    add_set(parser, "change a value of the recipe, such as augment=RandomFlip; repeatable")
    parser.add_argument(
        "--images", type=int, default=1000, metavar="N", help="how many to use (default: 1000)"
    )
    parser.add_argument(
        "--threshold",
        type=float,
        default=0.9,
        metavar="SHARE",
        help="the agreement asked for in each class (default: 0.9)",
    )
    parser.add_argument("--csv", metavar="FILE", help="write a row for each operation and class")
    add_grid(parser, "RUN-augment-check.png", "originals and what became of them")


def _check(arguments: argparse.Namespace) -> None:
    """Prints for each operation how far predictions agree, and draws what the network lost."""
    from kerasrecipes.base.files import replacing
    from kerasrecipes.data.viewing.image_grids import image_grid
    from kerasrecipes.layers.augmentation.protocol import mixes_labels
    from kerasrecipes.runs.label_safety import check_augmentation
    from kerasrecipes.runs.operations import own_operations, usual_operations
    from kerasrecipes.training.building.build import build_recipe

    run = finished_run(arguments.run)
    path = grid_path(arguments.grid or f"{run.name}-augment-check.png")
    recipe = run.recipe.replace(changes_of(arguments))
    own = own_operations(recipe)
    operations = own | usual_operations(run.data["image_shape"][-1])
    dataset = recipe.data.build("data").load()
    layers = build_recipe(recipe.replace({"augment": list(operations.values())}), dataset).augment
    named = dict(zip(operations, layers, strict=True))
    for name in [name for name, layer in named.items() if mixes_labels(layer)]:
        print(f"note: {name} mixes labels on purpose: not checked", file=sys.stderr)
        del named[name]
    images, labels = _spread(dataset.validation, arguments.images)
    checks = check_augmentation(
        run.load_model(compile=False), images, labels, named, threshold=arguments.threshold
    )
    names = run.data["class_names"]
    print_table([_row(check, names, check.name in own) for check in checks])
    print(
        f"\nAgreement of predictions before and after, on validation images that the network knows"
        f" ({len(images):,} looked at). A class below {arguments.threshold:.0%} means that its"
        " label changed, or that the network never learned to see through the change: the grid"
        " tells."
    )
    if arguments.csv:
        _write_csv(Path(arguments.csv), checks, names)
        print(f"classes: {arguments.csv}")
    with replacing(path) as temporary:
        image_grid([_pictures(c, names) for c in checks if c.places is not None]).save(temporary)
    print(f"grid: {path}")


def _spread(split, most: int):
    """Returns images and labels of a split, spread evenly over it."""
    import numpy as np

    from kerasrecipes.base.checks import check_integer

    check_integer("--images", most, at_least=1)
    indices = np.linspace(0, len(split) - 1, min(most, len(split))).round().astype(int)
    return split.read(indices), split.labels[indices]


def _row(check, names, is_own: bool) -> dict[str, object]:
    from kerasrecipes.page.formats import count, percent

    n = len(check.before)
    low, high = check.interval if n else (None, None)
    classes = check.by_class()
    worst = [
        f"{names[label]} {percent(classes[label]['agreement'], classes[label]['n'])}"
        f" (to {names[classes[label]['becomes']]})"
        for label in check.changed_classes
    ]
    return {
        "operation": check.name,
        "in recipe": "yes" if is_own else None,
        "n": count(n),
        "agreement": percent(check.agreement, n) if n else None,
        "95% interval": f"{percent(low, n)} to {percent(high, n)}" if n else None,
        "verdict": _VERDICTS[check.verdict] if n else "changes no pixel",
        "classes": listed(worst, most=_NAMED_CLASSES),
    }


def _write_csv(path: Path, checks, names) -> None:
    from kerasrecipes.base.csv_table import as_text, write_rows

    names = [as_text(name) for name in names]
    rows = [
        {
            "operation": check.name,
            "class": names[label],
            **row,
            "becomes": None if row["becomes"] is None else names[row["becomes"]],
        }
        for check in checks
        for label, row in check.by_class().items()
    ]
    write_rows(path, rows)


def _pictures(check, names):
    """Returns a row of pairs: an image, and what it became, with what the network says of it."""
    from kerasrecipes.data.viewing.image_grids import ImageRow

    images, captions = [], []
    for place, original, augmented, sure in zip(
        check.places, check.originals, check.augmented, check.confidences, strict=True
    ):
        before, after = names[check.before[place]], names[check.after[place]]
        images += [original, augmented]
        captions += [before, f"{after} {sure:.0%}"]
    return ImageRow(check.name, images, captions)


COMMAND = Command(
    name="augment-check",
    help="measure which augmentations change what a run's model sees",
    takes="run",
    add_arguments=_add_arguments,
    run=_check,
)
