"""Checks, files, tables, intervals and soft labels, for all other packages."""
