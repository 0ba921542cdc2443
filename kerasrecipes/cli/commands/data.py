"""`data`: what a recipe's images are."""

import argparse
from collections.abc import Iterator

from kerasrecipes.base.text import listed
from kerasrecipes.cli.sheets import add_grid, grid_path
from kerasrecipes.cli.tables import print_table

_NAMED_FILES = 20


def add_data(parser: argparse.ArgumentParser) -> None:
    """Adds the options of `data`."""
    add_grid(parser, "NAME-data.png", "a row of images for each class")


def show_data(recipe, name: str, sheet: str | None = None) -> None:
    """Prints what a recipe's data set holds, and draws a sheet of its pictures.

    Args:
        recipe: A `Recipe`.
        name: What its runs are called.
        sheet: Path of the PNG file to write. Defaults to `<name>-data.png`.
    """
    from kerasrecipes.base.files import replacing
    from kerasrecipes.data.viewing.image_grids import dataset_grid
    from kerasrecipes.data.viewing.inspection import inspect_dataset

    path = grid_path(sheet or f"{name}-data.png")
    dataset = recipe.data.build("data").load()
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
    _print_duplicates(inspection.duplicates)
    _print_skipped(dataset.skipped)
    with replacing(path) as temporary:
        dataset_grid(dataset).save(temporary)
    print(f"\nsheet: {path}")


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


def _print_duplicates(duplicates) -> None:
    for found in duplicates:
        place = f"{found.split} images that are in {found.other} too"
        if not found.count:
            print(f"\n{place}: none")
            continue
        labels = f", {found.relabelled:,} with another label" if found.relabelled else ""
        print(f"\n{place}: {found.count:,}{labels}, such as")
        for own, other in found.examples:
            print(f"  {own} = {other}")


def _print_skipped(skipped) -> None:
    if skipped:
        print(f"\nskipped: {len(skipped):,}")
        named = (f"{path}: {reason}" for path, reason in skipped)
        print("  " + listed(named, most=_NAMED_FILES, separator="\n  "))
