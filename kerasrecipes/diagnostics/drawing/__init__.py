"""Figures of what was measured of a training, as `<svg>` elements of a page."""
