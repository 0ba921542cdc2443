"""Averages of weights in NumPy float64, from the whole path of the weights.

Each is a weighted sum over the path, not a recursion as the implementation has it.
"""

import numpy as np


def exponential_average(path, decay=0.999, warmup=True, debias=True):
    path = np.asarray(path, "float64")
    decays = np.full(len(path), float(decay))
    if warmup:
        t = np.arange(1, len(path) + 1)
        decays = np.minimum(decays, (1 + t) / (10 + t))
    # What the weights of a step keep until the last: the decays of all later steps.
    later = np.array([np.prod(decays[index + 1 :]) for index in range(len(path))])
    shares = later * (1 - decays)
    if debias:
        shares = shares / shares.sum()
    else:
        shares[0] = later[0]
    return np.tensordot(shares, path, 1)


def uniform_average(path, total_steps, tail_fraction=0.25, period_steps=1):
    start = round((1 - tail_fraction) * total_steps)
    chosen = [w for t, w in enumerate(path, 1) if t > start and (t - start) % period_steps == 0]
    return np.mean(np.asarray(chosen, "float64"), axis=0) if chosen else path[-1]


def power_average(path, relative_width=0.1):
    path, s = np.asarray(path, "float64"), np.arange(1, len(path) + 1, dtype="float64")
    p = power(relative_width) + 1
    shares = (s**p - (s - 1) ** p) / len(path) ** p
    return np.tensordot(shares, path, 1)


def power(relative_width):
    """Returns the exponent, by bisection of the width, which falls with it."""
    low, high = 0.0, 1e6
    for _ in range(200):
        middle = (low + high) / 2
        width = np.sqrt((middle + 1) / (middle + 3)) / (middle + 2)
        low, high = (middle, high) if width > relative_width else (low, middle)
    return low
