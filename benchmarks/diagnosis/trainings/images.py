"""Small image sets: scikit-learn's digits and photographs, and CIFAR-10 from a file."""

import functools
import os
from pathlib import Path

import numpy as np
from sklearn import datasets

# The environment variable that names CIFAR-10 as an .npz file, as keras.datasets writes it.
CIFAR10 = "CIFAR10_NPZ"


class NoImages(Exception):
    """CIFAR-10 is not at hand."""


@functools.cache
def digits() -> tuple[np.ndarray, np.ndarray]:
    """Returns scikit-learn's 1,797 digits, 8 x 8 pixels in `[0, 16]`, in a fixed random order."""
    x, y = datasets.load_digits(return_X_y=True)
    order = np.random.default_rng(0).permutation(len(x))
    return x[order].reshape(-1, 8, 8, 1).astype("float32"), y[order]


@functools.cache
def cifar10(split: str = "train") -> tuple[np.ndarray, np.ndarray]:
    """Returns CIFAR-10, of the file that the environment variable names.

    Raises:
        NoImages: If there is none.
    """
    path = os.environ.get(CIFAR10, "")
    if not Path(path).is_file():
        raise NoImages("CIFAR-10 is not at hand: give it as an .npz file by --images")
    with np.load(path) as file:
        return file[f"x_{split}"], file[f"y_{split}"].reshape(-1).astype(int)


def large_digits(rng, facts):
    """Digits at 28 pixels, shifted, in the place of MNIST and Fashion-MNIST."""
    x, y = digits()
    kept = y < facts.get("classes", 10)
    x, y = x[kept], y[kept]
    chosen = rng.integers(0, len(x), facts["samples"])
    # Only strokes are bright, as in MNIST.
    strokes = np.clip(x[chosen, ..., 0] / 8 - 1, 0, 1)
    large = np.kron(strokes, np.ones((1, 3, 3))) * 255
    shifted = np.zeros((len(chosen), 28, 28))
    shifts = rng.integers(0, 5, (len(chosen), 2))
    for image, source, (i, j) in zip(shifted, large, shifts, strict=True):
        image[i : i + 24, j : j + 24] = source
    shifted = shifted if facts.get("raw") else shifted / 255
    return (shifted.reshape(-1, 784) if facts.get("flat") else shifted[..., None]), y[chosen]


def pictures(rng, facts):
    """Pictures of CIFAR-10, some of its classes, and what a program did to them."""
    x, y = cifar10()
    classes = facts.get("choose", list(range(10)))
    chosen = rng.permutation(np.flatnonzero(np.isin(y, classes)))[: facts["samples"]]
    x, y = x[chosen].astype("float32"), np.searchsorted(classes, y[chosen])
    if facts.get("reduce"):
        n = facts["reduce"]
        x = x.reshape(len(x), 32 // n, n, 32 // n, n, 3).mean((2, 4))
    if facts.get("enlarge"):
        x = x.repeat(facts["enlarge"], 1).repeat(facts["enlarge"], 2)
    if facts.get("grey"):
        x = x.mean(-1, keepdims=True)
    x = x / facts.get("divide", 1)
    if facts.get("colour_length"):
        x = x / np.maximum(np.linalg.norm(x, axis=-1, keepdims=True), 1e-6)
    return x, y


def photographs(rng, facts):
    """Cuttings of scikit-learn's two photographs, and the same halved and blown up again."""
    sources, side = datasets.load_sample_images().images, facts["side"]
    sharp = np.empty((facts["samples"], side, side, 3))
    for image in sharp:
        source = sources[rng.integers(2)]
        i, j = (rng.integers(length - side) for length in source.shape[:2])
        image[:] = source[i : i + side, j : j + side] / 255
    return sharp[:, ::2, ::2].repeat(2, 1).repeat(2, 2), sharp


def small_digits(rng, facts):
    """Digits at 8 pixels, in `[0, 1]`."""
    x, y = digits()
    chosen = rng.permutation(len(x))[: facts["samples"]]
    return x[chosen] / 16, y[chosen]


# Airplanes, automobiles, frogs and horses: four classes that small networks tell apart.
EASY = (0, 1, 6, 7)


def small_pictures(rng, facts):
    """Pictures of four of CIFAR-10's classes at 16 pixels, around 0."""
    x, y = pictures(rng, facts | {"choose": EASY, "reduce": 2, "divide": 255})
    return x - 0.5, y
