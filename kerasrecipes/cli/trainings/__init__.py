"""What the command `train` does besides training a recipe once."""
