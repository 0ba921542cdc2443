"""Folders of small images, and what is known of them without looking."""

import numpy as np
import pytest
from PIL import Image

from kerasrecipes.proposals import ImageFacts, Network, StepTimes, TimedNetwork
from kerasrecipes.recipe.spec import use

QUICK = StepTimes(build=0.1, forward_compile=0.2, forward_image=0.001, step_compile=0.5, step=0.02)


@pytest.fixture
def write_images(tmp_path):
    """Writes images of noise: so many of each class, around a shade of its own."""

    def write(name, counts, size=(24, 20), grey=False):
        rng = np.random.default_rng(0)
        for label, (class_name, count) in enumerate(counts.items()):
            folder = tmp_path / name / class_name
            folder.mkdir(parents=True)
            for number in range(count):
                shape = size if grey else (*size, 3)
                pixels = rng.integers(0, 120, shape) + 60 * label
                Image.fromarray(pixels.astype("uint8")).save(folder / f"{number}.png")
        return tmp_path / name

    return write


@pytest.fixture
def facts():
    """Returns facts of images that are in no folder."""

    def of(*train, **others):
        names = tuple(f"class{label}" for label in range(len(train)))
        own = {"source": use("ImageFolder", directory="photos"), "class_names": names}
        own |= {"counts": {"train": train}, "sides": (90, 120, 400), "largest": (600, 400)}
        return ImageFacts(**{**own, **others})

    return of


@pytest.fixture
def timed():
    """Returns a quick network at an image size."""

    def of(network=None, image_size=128, **times):
        return TimedNetwork(
            network or Network("MobileNetV2", why="it is small and good"),
            image_size,
            StepTimes(**{**vars(QUICK), **times}),
            "it suits the images",
        )

    return of
