"""Searches replayed on tables of learning curves: tasks and contestants."""
