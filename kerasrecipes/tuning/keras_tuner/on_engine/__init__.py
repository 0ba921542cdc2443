"""Trials of a search that run on an engine, several at a time."""
