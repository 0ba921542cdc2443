"""The features of images: what the stages of a network give for them."""

from collections.abc import Sequence
from pathlib import Path

import keras
import numpy as np

from kerasrecipes.base.checks import check_choice, check_integer
from kerasrecipes.data.augment import Augmentation
from kerasrecipes.data.dataset import Dataset
from kerasrecipes.data.split import Split
from kerasrecipes.models.surgery.network_stages import stage_output, stage_outputs
from kerasrecipes.training.features.feature_cache import cached_features
from kerasrecipes.training.features.feature_split import FeatureSplit
from kerasrecipes.training.features.frozen_part import features_model

POOLINGS = {
    "average": keras.layers.GlobalAveragePooling2D,
    "max": keras.layers.GlobalMaxPooling2D,
    None: None,
}


def extract_features(
    model: keras.Model,
    dataset: Dataset,
    stages: Sequence[str] | None = None,
    *,
    pooling: str | None = "average",
    directory: str | Path = "saved_models/features",
    batch_size: int = 64,
    augment: Sequence[keras.layers.Layer] = (),
    views: int = 0,
) -> dict[str, Dataset]:
    """Computes the features of all images, or reads them where they are kept.

    The network runs once over the images, for all stages together, in inference. Features are kept
    on disk as `.npy` files, float32, that are named by a hash of the network up to the stage, its
    weights, the images, and their augmentation: what has not changed is not computed again. What a
    killed process computed is gone on with.

    Args:
        model: A model from raw pixels: a run's `load_model()`, or `Pretrained(...)` itself.
        dataset: The images.
        stages: Stages, parts of stages or layers, as `Pretrained` takes them. `None` for all
            stages.
        pooling: `"average"` or `"max"` of each channel over the image; `None` keeps the maps.
        directory: Where features are kept.
        batch_size: Positive integer. Images that the network sees at once.
        augment: Keras's image preprocessing layers, which leave labels alone.
        views: Non-negative integer. Instead of each training image, this number of augmented copies
            of it; validation and test images are left as they are. Defaults to 0: no augmentation.

    Returns:
        By stage a `Dataset` whose splits are `FeatureSplit`s: arrays `features` and `labels`.

    Raises:
        ValueError: If there is no such stage, or `augment` and `views` do not go together.
        OSError: If the disk is full, or would be.

    Example:

    ```python
    run = kerasrecipes.load("saved_models/extract_features-0123456789ab")
    images = run.recipe.data.build("data").load()
    features = extract_features(run.load_model(), images, ["stage2", "stage3"])
    features["stage2"].train.features  # (samples, 32)
    ```
    """
    check_choice("pooling", pooling, POOLINGS)
    check_integer("views", views, at_least=0)
    if bool(augment) != bool(views):
        raise ValueError(
            "`augment` and `views` must be given together: the layers, and how many augmented "
            f"copies of each training image. Received: {len(augment)} layers, views={views}"
        )
    if augment and Augmentation(augment).mixes_labels:
        raise ValueError("`augment` must leave labels alone. Received: layers that mix images")
    stages = list(stage_outputs(model)) if stages is None else list(stages)
    layers = {stage: stage_output(model, stage) for stage in stages}

    def pooled(names: Sequence[str]) -> keras.Model:
        features = features_model(model, *(layers[name] for name in names))
        outputs = [_pooled(output, pooling) for output in features.outputs]
        return keras.Model(features.inputs[0], outputs if len(outputs) > 1 else outputs[0])

    models = {stage: pooled([stage]) for stage in stages}

    def compute(split: Split, **options) -> dict[str, np.ndarray]:
        return cached_features(
            models,
            split,
            directory=directory,
            resize=dataset.resize,
            batch_size=batch_size,
            joint=pooled,
            **options,
        )

    found: dict[str, dict[str, FeatureSplit]] = {stage: {} for stage in stages}
    for name, split in dataset.splits.items():
        passes = range(views) if name == "train" and views else [None]
        parts = [
            compute(split) if number is None else compute(split, augment=augment, data_pass=number)
            for number in passes
        ]
        labels = np.tile(split.labels, len(parts))
        for stage in stages:
            features = [part[stage] for part in parts]
            joined = features[0] if len(features) == 1 else np.concatenate(features)
            found[stage][name] = FeatureSplit(joined, labels)
    return {
        stage: Dataset(
            train=splits["train"],
            validation=splits["validation"],
            test=splits.get("test"),
            class_names=dataset.class_names,
            image_shape=splits["train"].image_shape,
            source=f"{stage} of {dataset.source}",
        )
        for stage, splits in found.items()
    }


def _pooled(output: keras.KerasTensor, pooling: str | None) -> keras.KerasTensor:
    layer = POOLINGS[pooling]
    return output if layer is None or len(output.shape) != 4 else layer()(output)
