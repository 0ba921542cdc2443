"""Data sources: each loads into one `Dataset`."""
