"""Check that layers can augment a data set's images, and leave them at the model's size."""

from collections.abc import Sequence

import keras
import numpy as np

from kerasrecipes.base.text import listed
from kerasrecipes.data.augment import Augmentation
from kerasrecipes.data.dataset import Dataset
from kerasrecipes.recipe.spec import Spec
from kerasrecipes.recipe.validation import blamed_on

KEY = np.array([0, 0], "uint32")


def check_augment(
    specs: Sequence[Spec], layers: Sequence[keras.layers.Layer], dataset: Dataset
) -> None:
    """Augments two training images. On JAX only shapes are computed, because nothing is compiled.

    Args:
        specs: The layers as a recipe names them.
        layers: What was built of them.
        dataset: The images.

    Raises:
        ValueError: If a layer cannot augment these images, or they have another size afterwards.
    """
    if not specs:
        return
    classes = len(dataset.class_names)
    some = np.arange(min(2, len(dataset.train)))
    images, labels = dataset.train.read(some), dataset.train.labels[some]
    resized = None
    for spec, layer in zip(specs, layers, strict=True):
        before = tuple(images.shape[1:])
        with blamed_on(spec):
            try:
                images, labels = _results(Augmentation([layer], classes), images, labels)
            except Exception as error:
                raise ValueError(
                    f"{spec.name} cannot augment images of {_size(before)}: {error}"
                ) from error
        if tuple(images.shape[1:]) != before:
            resized = spec
    if resized is not None and tuple(images.shape[1:]) != tuple(dataset.image_shape):
        names = listed([spec.name for spec in specs])
        raise ValueError(
            f"Augmented images must have the size of the images, {_size(dataset.image_shape)}, "
            f"which the model takes. Give {resized.name} that size, or resize after it by "
            f"`Resizing`. Received: {names}, after which they have {_size(images.shape[1:])}; "
            f"the last to change it is {resized!r}"
        )


def _results(augmentation: Augmentation, images, labels):
    if keras.backend.backend() != "jax":
        return augmentation(images, labels, KEY)
    import jax

    return jax.eval_shape(augmentation, images, labels, KEY)


def _size(shape: Sequence[int]) -> str:
    return " x ".join(map(str, shape))
