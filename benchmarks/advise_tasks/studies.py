"""Source networks, and the tasks that each is transferred to."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

FIRST, SECOND = (0, 1, 2, 3, 4), (5, 6, 7, 8, 9)


@dataclass(frozen=True)
class Kind:
    """Images of a task: of which classes, and how they are changed."""

    classes: tuple[int, ...]
    change: Callable[[np.ndarray], np.ndarray] = lambda images: images


@dataclass(frozen=True)
class Study:
    """A source network and the tasks that it is transferred to."""

    name: str
    source_classes: tuple[int, ...]
    kinds: dict[str, Kind]
    seeds: tuple[int, ...]


def noisy(images):
    noise = np.random.default_rng(0).normal(scale=60, size=images.shape)
    return np.clip(images + noise, 0, 255).astype(np.uint8)


def grey(images):
    mean = images.mean(axis=-1, keepdims=True)
    return np.repeat(np.rint(mean), 3, axis=-1).astype(np.uint8)


def inverted(images):
    return 255 - images


def grey_inverted(images):
    return inverted(grey(images))


def on_side(images):
    return np.rot90(images, axes=(1, 2))


SCORED = Study(
    "advise",
    FIRST,
    {
        "new classes": Kind(SECOND),
        "animals": Kind((5, 6, 7)),
        "vehicles and horses": Kind((7, 8, 9)),
        "dogs and frogs": Kind((5, 6)),
        "darker": Kind(SECOND, lambda x: x // 2 + 20),
        "the source's classes": Kind(FIRST),
        "inverted": Kind(SECOND, inverted),
        "grey and inverted": Kind(SECOND, grey_inverted),
        "on their side": Kind(SECOND, on_side),
        "noisy": Kind(SECOND, noisy),
        "digits": Kind(()),
        "digits inverted": Kind((), inverted),
    },
    seeds=(0, 1, 2),
)
DEVELOPMENT = Study(
    "advise_development",
    SECOND,
    {
        "new classes": Kind(FIRST),
        "cats and deer": Kind((3, 4)),
        "vehicles and birds": Kind((0, 1, 2)),
        "the source's classes": Kind(SECOND),
        "inverted": Kind(FIRST, inverted),
        "grey and inverted": Kind(FIRST, grey_inverted),
        "on their side": Kind(FIRST, on_side),
        "noisy": Kind(FIRST, noisy),
    },
    seeds=(0,),
)
