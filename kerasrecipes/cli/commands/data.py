"""The command `data`: the images of a recipe, in numbers and in a grid."""

import argparse
from collections.abc import Iterator

from kerasrecipes.base.text import listed, printable
from kerasrecipes.cli.arguments import add_grid, grid_path
from kerasrecipes.cli.command import Command, Request
from kerasrecipes.cli.scores.class_balance import balance_text
from kerasrecipes.cli.scores.wrong_labels import show_wrong_labels
from kerasrecipes.cli.tables import print_table

_NAMED_FILES = 20


def _add_arguments(parser: argparse.ArgumentParser) -> None:
    add_grid(parser, "NAME-data.png", "a row of images for each class")
    parser.add_argument(
        "--labels",
        action="store_true",
        help="instead, train the recipe once for each fold, and write which labels are probably "
        "wrong: NAME-labels.html with pictures, and NAME-labels.txt for ImageFolder(exclude=...)",
    )
    parser.add_argument(
        "--folds", type=int, metavar="N", help="with --labels: how many (default: 5)"
    )


def _show_data(asked: Request) -> None:
    """Prints what a recipe's data set holds, and draws a grid of its images."""
    from kerasrecipes.base.files import replacing
    from kerasrecipes.data.viewing.image_grids import dataset_grid
    from kerasrecipes.data.viewing.inspection import inspect_dataset

    arguments = asked.arguments
    if arguments.labels:
        if arguments.grid:
            raise ValueError("Give `--labels` or `--grid`, not both.")
        show_wrong_labels(asked, 5 if arguments.folds is None else arguments.folds)
        return
    if arguments.folds is not None:
        raise ValueError("`--folds` needs `--labels`.")
    path = grid_path(asked.arguments.grid or f"{asked.name}-data.png")
    dataset = asked.recipe.data.build("data").load()
    inspection = inspect_dataset(dataset)
    print_table([{"data": fact, "value": value} for fact, value in _facts(dataset, inspection)])
    print()
    counts = dataset.class_counts()
    print_table(
        [
            {"class": class_name, **{split: f"{own[label]:,}" for split, own in counts.items()}}
            for label, class_name in enumerate(dataset.class_names)
        ]
    )
    print(f"\n{balance_text(dataset)}")
    _print_duplicates(inspection.duplicates, "are in {} too", "=")
    if inspection.look_alikes is None:
        print("\nimages that look alike are not looked for: they are too small, or too many")
    else:
        _print_duplicates(inspection.look_alikes, "look like one in {}, and are not equal", "~")
    _print_skipped(dataset.skipped)
    with replacing(path) as temporary:
        dataset_grid(dataset).save(temporary)
    print(f"\ngrid: {path}")


def _facts(dataset, inspection) -> Iterator[tuple[str, str]]:
    yield "source", dataset.source
    yield "images", ", ".join(f"{n:,} {split}" for split, n in dataset.sizes.items())
    yield "classes", f"{len(dataset.class_names):,}"
    resized = f" (resized by {dataset.resize!r})" if dataset.resize else ""
    yield "image shape", " x ".join(map(str, dataset.image_shape)) + resized
    ranges = [f"{low} to {high} in {name}" for name, (low, high) in inspection.value_range.items()]
    yield "values", ", ".join(ranges)
    yield "mean of train", ", ".join(f"{value:.2f}" for value in inspection.mean)
    yield "its standard deviation", ", ".join(f"{v:.2f}" for v in inspection.standard_deviation)
    yield "hash", dataset.hash


def _print_duplicates(duplicates, relation: str, sign: str) -> None:
    for found in duplicates:
        place = f"{found.split} images that {relation.format(found.other)}"
        if not found.count:
            print(f"\n{place}: none")
            continue
        labels = f", {found.relabelled:,} with another label" if found.relabelled else ""
        print(f"\n{place}: {found.count:,}{labels}, such as")
        for own, other in found.examples:
            print(f"  {printable(own)} {sign} {printable(other)}")


def _print_skipped(skipped) -> None:
    if skipped:
        print(f"\nskipped: {len(skipped):,}")
        named = (f"{printable(path)}: {reason}" for path, reason in skipped)
        print("  " + listed(named, most=_NAMED_FILES, separator="\n  "))


COMMAND = Command(
    name="data",
    help="look at a recipe's images: counts, values, duplicates, a grid, labels that are wrong",
    runs_code=True,
    takes="recipe",
    add_arguments=_add_arguments,
    run=_show_data,
)
