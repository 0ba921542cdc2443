"""The network that is transferred, unless a backbone is given."""

from pathlib import Path

import numpy as np
from advise_tasks.images import chosen
from advise_tasks.studies import FIRST

from kerasrecipes import Recipe, train, use

PER_CLASS = 2500

RECIPE = Recipe(
    data=use("Npz", path="source.npz", validation_fraction=0.02),
    augment=[use("RandomPadCrop", padding_pixels=4), use("RandomFlip", mode="horizontal")],
    model=use("ResNetCIFAR", depth=8, normalization=use("BatchNormalization", momentum=0.9)),
    optimizer=use("Adam", learning_rate=use("CosineDecay", initial_learning_rate=0.003)),
    epochs=5,
    batch_size=128,
    monitor=None,
)


def trained_source(cifar10: dict, directory: Path) -> str:
    """Returns the folder of a ResNet-8 that is trained on the first five classes of CIFAR-10."""
    directory.mkdir(parents=True, exist_ok=True)
    path = directory / "source.npz"
    labels = cifar10["y_train"].ravel()
    images, labels = chosen(cifar10["x_train"], labels, FIRST, PER_CLASS, 0)
    np.savez(path, x_train=images, y_train=labels)
    recipe = RECIPE.replace({"data.path": str(path)})
    return str(train(recipe, directory=directory, name="source", verbose=0).folder)
