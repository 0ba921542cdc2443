"""Shared parts of studies: paths, figures and colours, sweeps in rounds, choice on validation."""

import argparse
import contextlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import matplotlib
from matplotlib.figure import Figure

from kerasrecipes import Recipe
from kerasrecipes.page.svg import TRAIN, VALIDATION, house_style
from kerasrecipes.runs import Sweep, sweep

ROOT = Path(__file__).parents[2]
RESULTS, IMAGES = ROOT / "docs" / "results", ROOT / "docs" / "images"

BLUE, ORANGE, GREEN, PURPLE, YELLOW = VALIDATION, TRAIN, "#007a5a", "#a0418f", "#c99700"


@dataclass(frozen=True)
class Study:
    """A study: where its runs, tables and figures are.

    Args:
        name: The module's, after which folder, table and figure are named.
    """

    name: str

    @property
    def runs(self) -> Path:
        """The folder of its runs."""
        return ROOT / "saved_models" / self.name

    def table(self, name: str = "") -> Path:
        """Returns the path of a table, which has the study's name unless another is given."""
        return RESULTS / f"{name or self.name}.csv"

    def save(self, figure: Figure, name: str = "") -> None:
        """Writes a figure into docs/images/; the same figure gives the same bytes."""
        # Text as outlines: whoever looks at the file may not have its font.
        with matplotlib.rc_context({"svg.fonttype": "path", "svg.hashsalt": self.name}):
            figure.savefig(IMAGES / f"{name or self.name}.svg", metadata={"Date": None})

    def parser(self, docstring: str) -> argparse.ArgumentParser:
        """Returns a parser of the command line that is described by the module's first line."""
        return argparse.ArgumentParser(
            prog=f"python -m benchmarks.studies.{self.name}",
            description=docstring.splitlines()[0],
        )


def sweep_in_rounds(
    recipe: Recipe,
    changes: Mapping[str, Mapping[str, object]],
    seeds: Iterable[int],
    directory: str | Path,
    *,
    shown: Sequence[str],
    table: str | Path | None = None,
) -> Sweep:
    """Trains all variants with one seed, then all with the next.

    What else the machine does then slows all of them alike.

    Args:
        recipe: As in `sweep`.
        changes: As in `sweep`.
        seeds: As in `sweep`.
        directory: As in `sweep`.
        shown: Fields of a recipe that are printed, with its seed, before it is trained.
        table: As in `sweep`.
    """

    def show(variant: Recipe, folder: Path) -> None:
        print(*(getattr(variant, field) for field in shown), f"seed {variant.seed}", flush=True)

    options: dict[str, Any] = {"directory": directory, "name": "run", "table": table}
    return joined(
        sweep(recipe, changes, [seed], verbose=0, on_start=show, **options) for seed in seeds
    )


def joined(sweeps: Iterable[Sweep]) -> Sweep:
    """Returns the rows of several sweeps as one."""
    return Sweep(tuple(row for each in sweeps for row in each.rows))


def choose_on_validation(
    recipe: Recipe,
    grid: Mapping[str, Mapping[float, Mapping[str, object]]],
    directory: str | Path,
    *,
    shown: Sequence[str],
    label: str = "{}, {:g}",
    loss: str = "validation_loss",
) -> tuple[Sweep, dict[str, float]]:
    """Trains a recipe with seed 0 and each of several values of something, to choose the best.

    Args:
        recipe: As in `sweep`.
        grid: The changes that each value makes, for each of the things that are compared.
        directory: As in `sweep`.
        shown: As in `sweep_in_rounds`.
        label: The label of a run, a format of a thing's name and a value.
        loss: The column by which ties are decided.

    Returns:
        The runs, which count no further; and for each thing the value that scored best on
        validation, ties going to the lower loss.
    """
    changes = {
        label.format(name, value): change
        for name, values in grid.items()
        for value, change in values.items()
    }
    tried = sweep_in_rounds(recipe, changes, [0], directory, shown=shown)
    scores = {row["label"]: (row["validation_accuracy"], -row[loss]) for row in tried.rows}
    return tried, {
        name: max(values, key=lambda value: scores[label.format(name, value)])
        for name, values in grid.items()
    }


def interval(row: Mapping[str, float], form: str) -> str:
    """Returns `low` to `high` of a summary's row, in a format such as `".1%"`."""
    return f"{row['low']:{form}} to {row['high']:{form}}"


@contextlib.contextmanager
def new_figure(
    width: float, height: float, rows: int = 1, columns: int = 1, dpi: int = 144, **options: Any
) -> Iterator[tuple[Figure, Any]]:
    """Gives a figure and its axes to draw on in the house's style; sizes in inches."""
    with house_style():
        figure = Figure(figsize=(width, height), dpi=dpi, layout="constrained")
        yield figure, figure.subplots(rows, columns, **options)
