"""Files of trained models for other programs: written, described, and checked against the model."""
