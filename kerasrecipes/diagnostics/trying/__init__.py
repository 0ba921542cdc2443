"""Short trainings that are undone."""
