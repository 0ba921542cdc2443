"""Private names of Keras, TensorFlow and PyTorch: reason, fallback and test of each use.

This is all that the package uses of them. Each use says what it is for, what happens where a later
version has no such name, and which test holds it.
"""
