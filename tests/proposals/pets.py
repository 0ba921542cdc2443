"""A folder of dark cats and bright dogs, two of which have the other's label."""

import numpy as np
from PIL import Image

from kerasrecipes import Recipe, use
from kerasrecipes.proposals import CrossValidated

FLIPPED = ("cat/3.png", "dog/7.png")


def write_pets(directory):
    """Writes the folder, and returns a recipe for it."""
    for name, level in (("cat", 20), ("dog", 200)):
        folder = directory / "pets" / name
        folder.mkdir(parents=True)
        for number in range(12):
            other = 220 - level if f"{name}/{number}.png" in FLIPPED else level
            Image.new("L", (4, 4), other + number).save(folder / f"{number}.png")
    source = use("ImageFolder", directory=str(directory / "pets"), channels=1)
    return Recipe(data=source, model="MLP")


def cross_validated_pets(recipe, **options):
    """Returns what networks would say that know dark from bright, in place of training them."""
    assert recipe.monitor is None
    labels, probabilities = [], []
    for fold in range(3):
        held_out = recipe.replace({"data.fold": fold}).data.build("data").load().validation
        images = held_out.read(np.arange(len(held_out)))
        dog = np.where(images.mean((1, 2, 3)) > 110, 0.9, 0.1) - images[:, 0, 0, 0] / 1e4
        labels.append(held_out.labels)
        probabilities.append(np.stack([1 - dog, dog], axis=1))
    return CrossValidated(np.concatenate(labels), np.concatenate(probabilities), 3, 3)
