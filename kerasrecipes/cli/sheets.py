"""Where a command writes a sheet of pictures."""

import argparse
from pathlib import Path


def add_sheet(parser: argparse.ArgumentParser, default: str, what: str) -> None:
    """Adds `--sheet`, of which the default's name and what it shows are given."""
    parser.add_argument(
        "--sheet", metavar="FILE", help=f"the picture to write: {what} (default: {default})"
    )


def sheet_path(name: str) -> Path:
    """Returns the path of a sheet, checked before anything is computed.

    Raises:
        ValueError: If it is no .png file, or its folder is not there.
    """
    path = Path(name)
    if path.suffix.lower() != ".png":
        raise ValueError(f"`--sheet` must be a .png file. Received: --sheet {path}")
    if not path.parent.is_dir():
        raise ValueError(f"`--sheet` must be in a folder that is there. Received: --sheet {path}")
    return path
