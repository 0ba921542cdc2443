"""Difference quotients of a model in float64, and of its layers."""
