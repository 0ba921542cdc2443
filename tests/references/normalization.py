"""Normalizations and their gradients, in NumPy float64, with channels last."""

import numpy as np


def filter_response_normalization(x, gamma, beta, epsilon):
    """Returns `gamma x / sqrt(mean(x^2) + epsilon) + beta`; Singh and Krishnan, 2020, eq. 1 and 2.

    Written as a loop over samples and channels, as the paper defines it for one response map.
    """
    y = np.empty(x.shape, "float64")
    for sample in range(x.shape[0]):
        for channel in range(x.shape[-1]):
            responses = np.asarray(x[sample, ..., channel], "float64")
            mean_square = np.square(responses).sum() / responses.size
            normed = responses / np.sqrt(mean_square + abs(epsilon))
            y[sample, ..., channel] = gamma[channel] * normed + beta[channel]
    return y


def filter_response_gradients(x, gamma, epsilon, upstream):
    """Returns the gradients of `sum(upstream * y)` with respect to `x`, `gamma` and `beta`.

    With `normed = x / r` and `g = gamma * upstream`, equation 3 of the paper is
    `(g - normed * mean(g * normed)) / r`.
    """
    axes = tuple(range(1, x.ndim - 1))
    root = np.sqrt(np.square(x).mean(axes, keepdims=True) + epsilon)
    normed, g = x / root, gamma * upstream
    of_x = (g - normed * (g * normed).mean(axes, keepdims=True)) / root
    channels = tuple(range(x.ndim - 1))
    return of_x, (upstream * normed).sum(channels), upstream.sum(channels)


def thresholded_linear_unit(x, tau):
    """Returns `max(x, tau)`, with one `tau` a channel; Singh and Krishnan, 2020, equation 7."""
    return np.where(x > tau, x, tau)


def thresholded_linear_gradients(x, tau, upstream):
    """Returns the gradients of `sum(upstream * y)` with respect to `x` and `tau`."""
    above = x > tau
    return upstream * above, (upstream * ~above).sum(tuple(range(x.ndim - 1)))
