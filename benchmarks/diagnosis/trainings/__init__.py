"""The trainings: real programs, planted faults and healthy ones, built from facts."""
