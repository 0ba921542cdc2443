"""Readers of what trainings leave behind: histories, tables, event files, text, run folders."""

from kerasrecipes.diagnostics.reading.pasted_text import read_text as read_text
from kerasrecipes.diagnostics.reading.sources import read as read
