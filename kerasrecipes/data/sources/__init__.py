"""Data sources, each of which loads into a `Dataset`."""
