"""Functions that read, copy and change built networks."""
