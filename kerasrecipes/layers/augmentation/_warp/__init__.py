"""Geometric warps and their backends."""
