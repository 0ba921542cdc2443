"""Preprocessing layers in NumPy and float64, from their definitions.

Each function has the name of its class's module. It takes the data that the layer adapts to, the
inputs, and the options of the class. It returns the outputs.
"""

import numpy as np


def centering(data, x, per="channel"):
    return x.astype("float64") - data.astype("float64").mean(_axes(per))


def standardization(data, x, per="channel"):
    return centering(data, x, per) / data.astype("float64").std(_axes(per))


def pca_whitening(data, x, components=None, epsilon=0.01, whiten=True):
    turned, _, variances = _turned(data, x)
    return (turned / np.sqrt(variances + epsilon) if whiten else turned)[:, :components]


def zca_whitening(data, x, epsilon=0.01):
    turned, axes, variances = _turned(data, x)
    return (turned / np.sqrt(variances + epsilon) @ axes.T).reshape(x.shape)


def _axes(per):
    return (0, 1, 2) if per == "channel" else 0


def _turned(data, x):
    """Returns the centred inputs along the principal axes, these axes, and the variances."""
    flat, rows = (v.astype("float64").reshape(len(v), -1) for v in (data, x))
    centred = flat - flat.mean(0)
    axes, variances, _ = np.linalg.svd(centred.T @ centred / len(flat))
    return (rows - flat.mean(0)) @ axes, axes, variances
