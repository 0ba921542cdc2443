"""What the comparison of ensembles trains: two settings, and the images of one."""

from pathlib import Path

import numpy as np

from benchmarks.studies.ensemble_ways import Setting
from kerasrecipes import Recipe, use


def sgd(**options) -> object:
    """Returns SGD with Nesterov momentum, whose schedule each way sets."""
    return use("SGD", learning_rate=0.1, momentum=0.9, nesterov=True, **options)


def digits() -> Setting:
    """Returns two dense layers on a third of the digits, tested on half of them."""
    recipe = Recipe(
        data=use("Digits", validation_fraction=0.2, test_fraction=0.5),
        augment=[use("RandomPadCrop", padding_pixels=1)],
        model=use("MLP", units=[64, 64]),
        optimizer=sgd(weight_decay=5e-4),
        epochs=48,
        batch_size=32,
        monitor=None,
    )
    return Setting(recipe, ema_momentum=0.98, views="shifts", rates=(0.03, 0.1, 0.3))


def cifar10(path: str | Path) -> Setting:
    """Returns ResNet-20 on 150 images of each class of CIFAR-10."""
    recipe = Recipe(
        data=use("Npz", path=str(path), examples_per_class=150, validation_fraction=0.01),
        preprocessing=[use("Rescaling", scale=1 / 127.5, offset=-1)],
        augment=[use("RandomPadCrop", padding_pixels=4), use("RandomFlip", mode="horizontal")],
        model=use("ResNetCIFAR", depth=20, normalization=use("BatchNormalization", momentum=0.9)),
        optimizer=sgd(weight_decay=5e-4),
        epochs=16,
        batch_size=64,
        monitor=None,
    )
    return Setting(recipe, ema_momentum=0.99, views="flip", rates=(0.05, 0.2))


def with_fewer_test_images(path: str, part: Path, count: int = 2000) -> Path:
    """Writes an archive that has the first of the test images only; returns its path.

    Seventeen networks a seed predict them, which would take as long as training.
    """
    if not part.exists():
        part.parent.mkdir(parents=True, exist_ok=True)
        with np.load(path) as file:
            arrays = {name: file[name] for name in file.files}
        arrays |= {name: arrays[name][:count] for name in ("x_test", "y_test")}
        np.savez(part, **arrays)
    return part
