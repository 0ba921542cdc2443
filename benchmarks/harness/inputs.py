"""Inputs of benchmarks: the recipes of scripts in recipes/, and random images."""

import runpy
from pathlib import Path

import numpy as np

from kerasrecipes import Recipe
from kerasrecipes.data import ArraySplit, Dataset

RECIPES = Path(__file__).parents[2] / "recipes"


def recipe_of(script: str) -> Recipe:
    """Returns the recipe of a script in recipes/, which is named without `.py`."""
    return runpy.run_path(str(RECIPES / f"{script}.py"))["recipe"]


def random_images(
    train: int, image_shape: tuple[int, int, int], *, validation: int, classes: int = 10
) -> Dataset:
    """Returns a data set of random pixels, which cost the same as others."""
    rng = np.random.default_rng(0)

    def split(images: int) -> ArraySplit:
        pixels = rng.integers(0, 256, (images, *image_shape), "uint8")
        return ArraySplit(pixels, np.arange(images, dtype="int32") % classes)

    names = tuple(map(str, range(classes)))
    return Dataset(split(train), split(validation), None, names, image_shape, "random pixels")
