"""Figures with captions, and what draws them."""

from collections.abc import Callable
from dataclasses import dataclass

from markupsafe import Markup

from kerasrecipes.diagnostics.findings.finding import Finding
from kerasrecipes.diagnostics.record.record import Record


@dataclass(frozen=True)
class FindingFigure:
    """A figure that shows a finding.

    Args:
        caption: What it shows.
        svg: The `<svg>` element.
    """

    caption: str
    svg: Markup


# Draws the figure of a finding from a record; `None` if the record lacks what it shows.
Draw = Callable[[Finding, Record], FindingFigure | None]


def alternative_text(finding: Finding, caption: str) -> str:
    """Returns the alternative text of a finding's figure."""
    place = f" at {finding.where}" if finding.where else ""
    return f"{finding.title}{place}: {caption}"


def captioned(caption: str, svg: Markup | None) -> FindingFigure | None:
    """Returns a figure with its caption; `None` if nothing was drawn."""
    return None if svg is None else FindingFigure(caption, svg)
