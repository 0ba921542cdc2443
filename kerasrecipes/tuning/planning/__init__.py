"""Which trials a search runs next: NumPy, SciPy and scikit-learn only."""
