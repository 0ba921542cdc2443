"""Where a command writes a sheet of pictures."""

import argparse
from pathlib import Path


def add_grid(parser: argparse.ArgumentParser, default: str, what: str) -> None:
    """Adds `--grid`, of which the default's name and what it shows are given."""
    parser.add_argument(
        "--grid", metavar="FILE", help=f"the picture to write: {what} (default: {default})"
    )


def grid_path(name: str) -> Path:
    """Returns the path of a sheet, checked before anything is computed.

    Raises:
        ValueError: If it is no .png file, or its folder is not there.
    """
    path = Path(name)
    if path.suffix.lower() != ".png":
        raise ValueError(f"`--grid` must be a .png file. Received: --grid {path}")
    if not path.parent.is_dir():
        raise ValueError(f"`--grid` must be in a folder that is there. Received: --grid {path}")
    return path
