"""The command `predict`: the most probable classes of images, by a run's model."""

import argparse
import contextlib
import csv
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import IO

from kerasrecipes.base.csv_table import as_text
from kerasrecipes.base.text import printable
from kerasrecipes.cli.arguments import add_test_time_augmentation, finished_run
from kerasrecipes.cli.command import Command
from kerasrecipes.cli.scores.adjusted_logits import add_logit_adjustment
from kerasrecipes.cli.tables import print_table

TOP = 5


def _add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "images", nargs="+", metavar="image", help="a file, a folder, or a pattern in quotes"
    )
    parser.add_argument(
        "--csv", metavar="FILE", help="write a row an image to a CSV file, or with - to the output"
    )
    add_test_time_augmentation(parser)
    add_logit_adjustment(parser)


def _predict(arguments: argparse.Namespace) -> None:
    """Prints the most probable classes of each image; names the images that are broken."""
    run = finished_run(arguments.run)
    with contextlib.ExitStack() as stack:
        # What cannot be written is found out before anything is computed.
        file = stack.enter_context(_csv_file(arguments.csv)) if arguments.csv else None
        predicted = {
            "test_time_augmentation": arguments.test_time_augmentation,
            "logit_adjustment": arguments.logit_adjustment,
        }
        count = _write_rows(run, arguments.images, file, predicted)
    if arguments.csv not in (None, "-"):
        print(f"{count:,} images: {arguments.csv}")


def _write_rows(run, images: Sequence[str], file: IO[str] | None, predicted: dict) -> int:
    """Writes or prints a row an image; returns how many there are."""
    from kerasrecipes.data.reading.image_search import image_paths
    from kerasrecipes.runs import predict_files

    paths = image_paths(images)
    names = run.data["class_names"]
    top = min(TOP, len(names))
    rows: list[dict[str, object]] = []
    writer = csv.writer(file, lineterminator="\n") if file else None
    if writer:
        ranks = range(1, top + 1)
        columns = [f"{column}_{rank}" for rank in ranks for column in ("class", "probability")]
        writer.writerow(["image", *columns])
    count, broken = 0, []
    for prediction in predict_files(run, paths, **predicted):
        if prediction.probabilities is None:
            broken.append(prediction)
            print(f"broken: {printable(prediction.path)}: {prediction.reason}", file=sys.stderr)
            continue
        count += 1
        order = prediction.probabilities.argsort(kind="stable")[::-1][:top]
        best = [(names[label], float(prediction.probabilities[label])) for label in order]
        if writer:
            cells = [cell for name, p in best for cell in (as_text(name), f"{p:.6g}")]
            writer.writerow([as_text(printable(prediction.path)), *cells])
        else:
            rows.append(_row(prediction.path, best))
    if not count:
        raise ValueError(f"There is no image that can be read: {len(broken):,} broken.")
    print_table(rows)
    if broken:
        print(f"{len(broken):,} of {len(paths):,} images are broken: skipped.", file=sys.stderr)
    return count


def _row(path: Path, best: Sequence[tuple[str, float]]) -> dict[str, object]:
    from kerasrecipes.page.formats import percent

    ranked = {str(rank): f"{name} {percent(p)}" for rank, (name, p) in enumerate(best, start=1)}
    return {"image": printable(path), **ranked}


@contextlib.contextmanager
def _csv_file(name: str) -> Iterator[IO[str]]:
    """Opens a file that is there whole at the end, or not at all; `-` is the output."""
    from kerasrecipes.base.files import replacing

    if name == "-":
        yield sys.stdout
        return
    path = Path(name)
    if not path.parent.is_dir():
        raise ValueError(f"There is no folder {str(path.parent)!r} to write into.")
    with replacing(path) as temporary, temporary.open("w", encoding="utf-8", newline="") as file:
        yield file


COMMAND = Command(
    name="predict",
    help="name the most probable classes of images",
    takes="run",
    add_arguments=_add_arguments,
    run=_predict,
)
