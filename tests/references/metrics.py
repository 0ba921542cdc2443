"""Scores of the confusion matrix, in NumPy float64, from their definitions."""

import numpy as np


def cohen_kappa(labels, predicted, classes, weighting=None, weights=None):
    """Returns `1 - observed cost / cost by chance`, summed sample by sample and pair by pair."""
    weights = np.ones(len(labels)) if weights is None else np.asarray(weights, "float64")

    def cost(i, j):
        return {None: float(i != j), "linear": abs(i - j), "quadratic": (i - j) ** 2}[weighting]

    observed = sum(w * cost(t, p) for t, p, w in zip(labels, predicted, weights, strict=True))
    by_chance = sum(
        weights[labels == i].sum() * weights[predicted == j].sum() * cost(i, j)
        for i in range(classes)
        for j in range(classes)
    )
    return 1 - observed * weights.sum() / by_chance


def matthews_correlation(labels, predicted, classes, weights=None):
    """Returns the correlation of one-hot labels and predictions; Gorodkin, 2004, equations 1 to 3.

    The covariance of two matrices is the sum of the covariances of their columns.
    """
    weights = np.ones(len(labels)) if weights is None else np.asarray(weights, "float64")
    x, y = np.eye(classes)[labels], np.eye(classes)[predicted]

    def covariance(a, b):
        a = a - np.average(a, axis=0, weights=weights)
        b = b - np.average(b, axis=0, weights=weights)
        return np.average(a * b, axis=0, weights=weights).sum()

    return covariance(x, y) / np.sqrt(covariance(x, x) * covariance(y, y))
