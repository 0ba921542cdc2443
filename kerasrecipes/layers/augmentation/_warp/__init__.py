"""Homographies: the matrices, the warps of images on each backend, and their base layer."""
