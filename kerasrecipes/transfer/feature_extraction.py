"""Extraction of the features of images from the stages of a network."""

from collections.abc import Sequence
from pathlib import Path

import keras
import numpy as np

from kerasrecipes.base.checks import check_choice, check_integer
from kerasrecipes.data.augment import Augmentation
from kerasrecipes.data.dataset import Dataset
from kerasrecipes.data.split import Split
from kerasrecipes.models.surgery.frozen_part import features_model
from kerasrecipes.models.surgery.network_stages import stage_output, stage_outputs
from kerasrecipes.training.features.feature_cache import cached_features
from kerasrecipes.training.features.feature_split import FeatureSplit

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
    augmented_copies: int = 0,
) -> dict[str, Dataset]:
    """Computes the features of all images, or reads them from disk.

    The network runs once over the images in inference mode, for all stages together. The features
    are stored as float32 in `.npy` files. A file is named by a hash of the network up to the stage,
    its weights, the images and their augmentation, so that features are computed again only if one
    of these changes. The computation of a killed process is continued.

    Args:
        model: A model from raw pixels: the result of `run.load_model()`, or of `Pretrained(...)`.
        dataset: The images.
        stages: The names of stages, of parts of stages or of layers, as in `Pretrained`. `None` for
            all stages.
        pooling: `"average"` or `"max"` of each channel over the image, or `None` for whole feature
            maps.
        directory: The directory of stored features.
        batch_size: Positive integer. The number of images in a batch.
        augment: Image preprocessing layers of Keras, which must not change labels.
        augmented_copies: Non-negative integer. How many augmented copies replace each training
            image. Validation and test images are not augmented. 0 means no augmentation.

    Returns:
        A dictionary from stage to a `Dataset`, whose splits are `FeatureSplit`s with the arrays
        `features` and `labels`.

    Raises:
        ValueError: If there is no such stage, or only one of `augment` and `augmented_copies` is
            given.
        OSError: If the disk has too little space.

    Example:

    ```python
    run = kerasrecipes.load("saved_models/extract_features-0123456789ab")
    images = run.recipe.data.build("data").load()
    features = extract_features(run.load_model(), images, ["stage2", "stage3"])
    features["stage2"].train.features  # (samples, 32)
    ```
    """
    check_choice("pooling", pooling, POOLINGS)
    check_integer("augmented_copies", augmented_copies, at_least=0)
    if bool(augment) != bool(augmented_copies):
        raise ValueError(
            "`augment` and `augmented_copies` must be given together: the layers, and how many "
            f"copies of each training image they make. Received: {len(augment)} layers, "
            f"augmented_copies={augmented_copies}"
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
        if name == "train" and augment:
            passes = range(augmented_copies)
            parts = [compute(split, augment=augment, data_pass=number) for number in passes]
        else:
            parts = [compute(split)]
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
            held_out=dataset.held_out,
        )
        for stage, splits in found.items()
    }


def _pooled(output: keras.KerasTensor, pooling: str | None) -> keras.KerasTensor:
    layer = POOLINGS[pooling]
    return output if layer is None or len(output.shape) != 4 else layer()(output)
