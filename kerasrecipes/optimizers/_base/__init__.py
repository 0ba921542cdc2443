"""Bases of the optimizers and wrappers."""
