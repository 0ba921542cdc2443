"""Recipe scripts: their text and their files."""
