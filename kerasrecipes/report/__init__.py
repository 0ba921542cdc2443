"""A run as one self-contained page."""

from kerasrecipes.report.write_report import write_report

__all__ = ["write_report"]
