"""Images as the network that comes with the package sees them, for tasks that train a head."""

from pathlib import Path

import keras
import numpy as np

from kerasrecipes.data import Digits
from kerasrecipes.data.splitting.stratified import examples_of_each_class
from kerasrecipes.models import Pretrained

# Of each training image with random shifts; in each epoch one of them is drawn.
COPIES = 8
PIXELS = 32


def load_features(task: str, images: Path | None, padding: int) -> tuple[dict, int]:
    """Returns features and labels of each split, and how many copies of each image there are.

    Features have mean 0 and deviation 1 on the training images. The first of the copies is the
    image as it is.

    Args:
        task: `"digits_features"`, or `"inverted_features"`: negatives of CIFAR-10's test images,
            which the network has not seen.
        images: CIFAR-10 as an .npz file, for the latter.
        padding: Each copy is a crop of the image that is padded by so many pixels, mirrored.
    """
    splits = _digits() if task == "digits_features" else _inverted(images)
    network = Pretrained((PIXELS, PIXELS, 3), 10)
    network = keras.Model(network.input, network.get_layer("head_average").output)
    rng, copies = np.random.default_rng(0), COPIES if padding else 1
    pixels, labels = splits["train"]
    shifted = [pixels, *(_shifted(pixels, padding, rng) for _ in range(copies - 1))]
    splits["train"] = np.concatenate(shifted), np.tile(labels, copies)
    found = {name: network.predict(of, 256, verbose=0) for name, (of, _) in splits.items()}
    first = found["train"][: len(pixels)]
    mean, deviation = first.mean(0), first.std(0) + 1e-6
    return {
        name: ((features - mean) / deviation, splits[name][1]) for name, features in found.items()
    }, copies


def _digits() -> dict[str, tuple[np.ndarray, np.ndarray]]:
    data = Digits(validation_fraction=0.25, test_fraction=0.35).load()
    large = keras.layers.Resizing(PIXELS, PIXELS)
    return {
        name: (np.repeat(np.asarray(large(split.images)), 3, axis=-1), split.labels)
        for name, split in data.splits.items()
    }


def _inverted(path: Path | None) -> dict[str, tuple[np.ndarray, np.ndarray]]:
    with np.load(path) as file:
        pixels, labels = file["x_test"], file["y_test"].astype("int32")
    names = [str(name) for name in range(10)]
    order = np.random.default_rng(0).permutation(examples_of_each_class(labels, 400, 0, names))
    parts = {"train": order[:1000], "validation": order[1000:2000], "test": order[2000:]}
    return {name: (255.0 - pixels[part], labels[part]) for name, part in parts.items()}


def _shifted(pixels: np.ndarray, padding: int, rng: np.random.Generator) -> np.ndarray:
    sides = (padding, padding)
    padded = np.pad(pixels, ((0, 0), sides, sides, (0, 0)), mode="reflect")
    places = rng.integers(2 * padding + 1, size=(len(pixels), 2))
    return np.stack(
        [
            image[y : y + PIXELS, x : x + PIXELS]
            for image, (y, x) in zip(padded, places, strict=True)
        ]
    )
