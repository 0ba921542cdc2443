"""Augmentation policies: their operations, and the passes over pixels that carry these out."""
