"""A run, or a search, as one self-contained page."""

from kerasrecipes.report.write_report import write_report
from kerasrecipes.report.write_search import write_search

__all__ = ["write_report", "write_search"]
