"""Checks, files, tables, intervals and soft labels: what every room may use."""
