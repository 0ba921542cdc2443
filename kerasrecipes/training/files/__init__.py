"""Run folders: their names, and the files in them."""
