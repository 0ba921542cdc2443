"""Training on features instead of images, for models that begin with a frozen part."""

import math
from dataclasses import replace
from pathlib import Path
from typing import Any

import keras

from kerasrecipes.data.dataset import Dataset
from kerasrecipes.models.surgery.frozen_part import FrozenPart
from kerasrecipes.training.building.build import BuiltRecipe
from kerasrecipes.training.building.compile import compile_arguments
from kerasrecipes.training.building.execution import execution_arguments, steps_are_watched
from kerasrecipes.training.features.feature_cache import cached_features
from kerasrecipes.training.features.feature_split import FeatureSplit

# Features are cached without being asked for only up to this size.
LIMIT_BYTES = 2**30


def on_features(
    built: BuiltRecipe, directory: str | Path, wanted: bool | None = None
) -> BuiltRecipe | None:
    """Returns a built recipe that trains the same weights on cached outputs of the frozen part.

    Its model consists of the layers behind the frozen part. They are the same layers with the same
    optimizer, so that training them trains the whole model. Its data are the outputs of the frozen
    part, which are computed once and kept in files.

    Args:
        built: The built recipe with the whole model and the images.
        directory: The folder for the files with features.
        wanted: Whether to use features. `None` means: if all of them take at most 1 GiB.

    Returns:
        The built recipe, or `None` if the model has no frozen part, images are augmented or
        attacked, or features are not wanted.

    Raises:
        ValueError: If features are wanted and cannot be used; the message says why.
        OSError: If the disk is full, or too small for the features.
    """
    if wanted is False:
        return None
    part = frozen_part(built)
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
        **execution_arguments(built.recipe, built.length) | _whole_epochs(built, shape),
        **compile_arguments(
            built.recipe, dataset.class_names, class_counts=dataset.class_counts()["train"]
        ),
    )
    features = Dataset(
        train=splits["train"],
        validation=splits["validation"],
        test=splits.get("test"),
        class_names=dataset.class_names,
        image_shape=shape,
        source=f"features of {dataset.source}",
        held_out=dataset.held_out,
    )
    return replace(built, dataset=features, model=part.head, checkpoint="head.npz")


def frozen_part(built: BuiltRecipe) -> FrozenPart | None:
    """Returns the part of a built recipe whose outputs for an image never change, if there is."""
    return None if built.augment or _is_attacked(built) else FrozenPart.of(built.model)


def _whole_epochs(built: BuiltRecipe, shape: tuple[int, ...]) -> dict[str, int]:
    """Returns the argument of `compile` by which TensorFlow takes an epoch in one call from Keras.

    On vectors, a step takes a tenth of the time that Keras needs to call it. Feature maps have
    longer steps and are left as the recipe has them, and so are the steps of recipes whose
    callbacks are called at every step.
    """
    tensorflow = keras.backend.backend() == "tensorflow"
    if not tensorflow or len(shape) > 1 or steps_are_watched(built.recipe):
        return {}
    return {"steps_per_execution": built.length.steps_per_epoch}


def _is_attacked(built: BuiltRecipe) -> bool:
    """Returns whether the training step changes the images; a user's own may not tell."""
    return getattr(built.step, "changes_inputs", False)


def _reason(built: BuiltRecipe, part: FrozenPart | None) -> str:
    if built.augment:
        why = "augmented images differ at every step: leave `augment` empty"
    elif _is_attacked(built):
        why = "the training step changes the images: leave `step` out"
    elif part is None:
        why = "the model begins with a layer that is trained or random: freeze its first layers"
    else:
        why = "images of any size have features of any size: pool the features"
    return f"The features of this recipe cannot be cached: {why}."
