"""The command `explain`: where in images a run's model sees what it says."""

import argparse
import sys
from collections.abc import Iterable, Iterator
from pathlib import Path

from kerasrecipes.base.text import printable
from kerasrecipes.cli.arguments import finished_run
from kerasrecipes.cli.command import Command

_PAGE = "explanations.html"
_METHODS = {"grad-cam": "grad_cam", "occlusion": "occlusion"}


def _add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "images", nargs="+", metavar="image", help="a file, a folder, or a pattern in quotes"
    )
    parser.add_argument(
        "--class",
        dest="class_name",
        metavar="NAME",
        help="the class to explain (default: for each image the predicted one)",
    )
    parser.add_argument(
        "--method",
        choices=_METHODS,
        help="only one: the gradient by the last feature map, or covered patches (default: both)",
    )
    parser.add_argument(
        "--output",
        metavar="FILE",
        help=f"an .html page, or a folder for .png files (default: {_PAGE} in the run folder)",
    )


def _explain(arguments: argparse.Namespace) -> None:
    """Writes what the model looks at in each image, and says where."""
    from kerasrecipes.data.reading.image_search import image_paths
    from kerasrecipes.runs import explain_files

    run = finished_run(arguments.run)
    output = _output(arguments.output or str(run.folder / _PAGE))
    paths = image_paths(arguments.images)
    methods = [_METHODS[arguments.method]] if arguments.method else list(_METHODS.values())
    explained = _told(explain_files(run, paths, arguments.class_name, methods), methods)
    if output.suffix.lower() == ".html":
        from kerasrecipes.report import write_explanations

        print(f"page: {write_explanations(run, explained, output)}")
    else:
        print(f"{_write_pictures(explained, output):,} pictures: {output}")


def _output(name: str) -> Path:
    """Returns the path to write to, checked before anything is computed."""
    path = Path(name)
    if path.suffix and path.suffix.lower() != ".html":
        raise ValueError(f"`--output` must be an .html file or a folder. Received: --output {path}")
    if path.suffix and not path.parent.is_dir():
        raise ValueError(f"There is no folder {str(path.parent)!r} to write into.")
    return path


def _told(explanations: Iterable, methods: list[str]) -> Iterator:
    """Yields explanations, and says on stderr what cannot be read, or not be explained so."""
    some = warned = False
    for explanation in explanations:
        if explanation.image is None:
            place = printable(explanation.path)
            print(f"broken: {place}: {explanation.reason}", file=sys.stderr)
        elif set(methods) - set(explanation.maps) and not warned:
            warned = True
            print(
                "note: the model has no last feature map that its output depends on alone, so "
                "there is occlusion, and no Grad-CAM",
                file=sys.stderr,
            )
        some = some or explanation.image is not None
        yield explanation
    if not some:
        raise ValueError("There is no image that can be read.")


def _write_pictures(explanations: Iterable, folder: Path) -> int:
    """Writes a .png file for each image and method; returns how many there are."""
    from PIL import Image

    from kerasrecipes.base.files import replacing
    from kerasrecipes.report.explanations.overlays import overlaid

    count = 0
    for number, explanation in enumerate(explanations, start=1):
        for method, map in (explanation.maps or {}).items():
            folder.mkdir(parents=True, exist_ok=True)
            # Files of several folders may have the same name.
            name = f"{number:03d}-{explanation.path.stem}-{method.replace('_', '-')}.png"
            with replacing(folder / name) as temporary:
                Image.fromarray(overlaid(explanation.image, map)).save(temporary, "png")
            count += 1
    return count


COMMAND = Command(
    name="explain",
    help="show where in images a run's model sees what it says: Grad-CAM and occlusion",
    takes="run",
    add_arguments=_add_arguments,
    run=_explain,
)
