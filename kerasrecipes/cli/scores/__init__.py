"""What the command `evaluate` does besides scoring a run once."""
