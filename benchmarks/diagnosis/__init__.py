"""Trainings with known faults, and without, that the doctor is judged on."""
