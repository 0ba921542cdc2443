"""Looks at a live model: what it computes on a small fixed batch, and what `fit` was given."""
