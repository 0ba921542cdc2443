"""Training on features in place of images, where the model begins with a frozen part."""

import math
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import keras

from kerasrecipes.data.dataset import Dataset
from kerasrecipes.training.build import BuiltRecipe
from kerasrecipes.training.compile import compile_arguments
from kerasrecipes.training.features.feature_cache import cached_features
from kerasrecipes.training.features.feature_split import FeatureSplit
from kerasrecipes.training.features.frozen_part import FrozenPart

# Features that are kept unless they are asked for.
LIMIT_BYTES = 2**30

_STEP_HOOKS = ("on_batch_begin", "on_batch_end", "on_train_batch_begin", "on_train_batch_end")


def on_features(
    built: BuiltRecipe, directory: str | Path, wanted: bool | None = None
) -> BuiltRecipe | None:
    """Returns what trains the same weights in the same way, but computes the frozen part only once.

    Its model is the part of the built model behind the frozen one, of the same layers and with
    the same optimizer; its data are the frozen part's outputs, kept in files. Trained on them, the
    built model is trained.

    Args:
        built: The model and the images.
        directory: Where features are kept.
        wanted: Whether features are to be used. `None` means: if all take at most 1 GiB.

    Returns:
        A `BuiltRecipe`, or `None` if nothing is frozen, images are augmented, or it is not wanted.

    Raises:
        ValueError: If features are wanted and cannot be used; the message says why.
        OSError: If the disk is full, or would be.
    """
    if wanted is False:
        return None
    part = None if built.augment else FrozenPart.of(built.model)
    shape: Any = () if part is None else part.backbone.output_shape[1:]
    if part is None or None in shape:
        if wanted:
            raise ValueError(_reason(built, part))
        return None
    dataset = built.dataset
    if wanted is None and 4 * sum(dataset.sizes.values()) * math.prod(shape) > LIMIT_BYTES:
        return None
    splits = {
        name: FeatureSplit(
            cached_features(
                {name: part.backbone}, split, directory=directory, resize=dataset.resize
            )[name],
            split.labels,
        )
        for name, split in dataset.splits.items()
    }
    part.head.compile(
        optimizer=built.model.optimizer,
        steps_per_execution=_steps_per_execution(built, shape),
        **compile_arguments(built.recipe, dataset.class_names),
    )
    features = Dataset(
        train=splits["train"],
        validation=splits["validation"],
        test=splits.get("test"),
        class_names=dataset.class_names,
        image_shape=shape,
        source=f"features of {dataset.source}",
    )
    return replace(built, dataset=features, model=part.head)


def _steps_per_execution(built: BuiltRecipe, shape: tuple[int, ...]) -> int:
    """Returns how many steps TensorFlow takes before Keras is asked again.

    A step on vectors takes a tenth of what Keras needs to begin it, so an epoch is begun once. Maps
    have long steps, and a callback may want to see each of them.
    """
    callbacks = [spec.component("callback") for spec in built.recipe.callbacks]
    watched = any(_sees_steps(callback) for callback in callbacks)
    if keras.backend.backend() != "tensorflow" or len(shape) > 1 or watched:
        return 1
    return built.length.steps_per_epoch


def _sees_steps(callback: Callable) -> bool:
    base = keras.callbacks.Callback
    return any(getattr(callback, hook, None) is not getattr(base, hook) for hook in _STEP_HOOKS)


def _reason(built: BuiltRecipe, part: FrozenPart | None) -> str:
    if built.augment:
        why = "augmented images differ at every step: leave `augment` empty"
    elif part is None:
        why = "its model begins to train, or to draw random numbers, at once: freeze its first part"
    else:
        why = "its images are of any size, and so are their features: pool them"
    return f"The features of this recipe cannot be kept: {why}."
