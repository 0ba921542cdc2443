"""Rules of short trainings that are undone."""
