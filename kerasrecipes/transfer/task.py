"""Measurements of a task by a pretrained network, before any training."""

from dataclasses import dataclass, replace
from pathlib import Path

import keras
import numpy as np

from kerasrecipes.callbacks.model_state import assign, state_variables, to_arrays
from kerasrecipes.data.dataset import Dataset
from kerasrecipes.data.split import ArraySplit, Split
from kerasrecipes.models.surgery.batch_norm_recalibration import recalibrate_batch_norm
from kerasrecipes.models.surgery.graph import all_layers
from kerasrecipes.transfer.feature_extraction import extract_features

# So many images give an accuracy to a percentage point or two, within seconds.
MAX_IMAGES = 2000
FOLDS = 5
# The number of images that statistics are measured on, and of each batch of them.
STATISTICS_IMAGES = 512
BATCH_SIZE = 64


@dataclass(frozen=True)
class Task:
    """The measurements of a data set by a pretrained network.

    Args:
        images_per_class: The number of training images of the smallest class.
        classes: The number of classes.
        accuracies: Dictionary from stage, in order from the input on, to the accuracy of a linear
            classifier on its features, by cross-validation.
        shift: The distance of the features' means from those of the images that the network was
            trained on, in standard deviations; `None` if the network has no batch normalization.
    """

    images_per_class: int
    classes: int
    accuracies: dict[str, float]
    shift: float | None

    @property
    def best_stage(self) -> str:
        """The stage with the highest accuracy; the last of equal ones."""
        return max(reversed(self.accuracies), key=self.accuracies.__getitem__)

    @property
    def gain(self) -> float:
        """The accuracy of the best stage minus that of the last stage."""
        return self.accuracies[self.best_stage] - list(self.accuracies.values())[-1]


def measure_task(
    model: keras.Model, dataset: Dataset, *, directory: str | Path, seed: int = 0
) -> Task:
    """Measures a data set by a pretrained network.

    Only training images are counted. Features and statistics are measured on validation images as
    well. The test split is not used.

    Args:
        model: A model from raw pixels, which may be the network itself.
        dataset: The data.
        directory: The directory of stored features; see `extract_features`.
        seed: Non-negative integer. It chooses the folds, and the images if there are more than
            2,000.

    Returns:
        A `Task`.
    """
    counts = dataset.class_counts()["train"]
    sample = _sample(dataset, seed)
    features = extract_features(model, sample, directory=directory)
    labels = np.concatenate([sample.train.labels, sample.validation.labels])
    accuracies = {
        stage: _accuracy(
            np.concatenate([_whole(split) for split in (data.train, data.validation)]),
            labels,
            seed,
        )
        for stage, data in features.items()
    }
    return Task(
        images_per_class=min(counts),
        classes=len(counts),
        accuracies=accuracies,
        shift=_shift(model, _whole(sample.train)[:STATISTICS_IMAGES]),
    )


def _whole(split: Split) -> np.ndarray:
    return split.read(np.arange(len(split)))


def _sample(dataset: Dataset, seed: int) -> Dataset:
    """Returns up to `MAX_IMAGES` training and validation images, in memory and in random order."""
    total = len(dataset.train) + len(dataset.validation)
    share = min(1.0, MAX_IMAGES / total)

    def some(split: Split) -> ArraySplit:
        order = np.random.default_rng(seed).permutation(len(split))
        chosen = order[: max(1, round(share * len(split)))]
        return ArraySplit(split.read(chosen), split.labels[chosen])

    return replace(
        dataset, train=some(dataset.train), validation=some(dataset.validation), test=None
    )


def _accuracy(features: np.ndarray, labels: np.ndarray, seed: int) -> float:
    """Returns the accuracy of linear classifiers, by stratified cross-validation."""
    from sklearn.linear_model import LogisticRegression
    from sklearn.model_selection import StratifiedKFold, cross_val_predict
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler

    folds = min(FOLDS, int(np.unique(labels, return_counts=True)[1].min()))
    classifier = make_pipeline(StandardScaler(), LogisticRegression(C=0.1, max_iter=500))
    splitter = StratifiedKFold(folds, shuffle=True, random_state=seed)
    return float(np.mean(cross_val_predict(classifier, features, labels, cv=splitter) == labels))


def _shift(model: keras.Model, images: np.ndarray) -> float | None:
    """Returns the mean shift of all channels' means, in standard deviations of the source images.

    Batch normalization holds the statistics of the images that the network was trained on. They are
    compared with the statistics of these images, over all such layers. The model is not changed.
    """
    layers = [x for x in all_layers(model) if isinstance(x, keras.layers.BatchNormalization)]
    if not layers:
        return None
    before = to_arrays(state_variables(model))
    trainable = [layer.trainable for layer in layers]
    source = [_statistics(layer) for layer in layers]
    try:
        for layer in layers:
            layer.trainable = True
        batches = (images[i : i + BATCH_SIZE] for i in range(0, len(images), BATCH_SIZE))
        recalibrate_batch_norm(model, batches)
        target = [_statistics(layer) for layer in layers]
    finally:
        for layer, was in zip(layers, trainable, strict=True):
            layer.trainable = was
        assign(state_variables(model), before)
    distances = [
        np.abs(here - there) / np.sqrt(variance + layer.epsilon)
        for layer, (there, variance), (here, _) in zip(layers, source, target, strict=True)
    ]
    return float(np.mean([distance.mean() for distance in distances]))


def _statistics(layer: keras.layers.BatchNormalization) -> tuple[np.ndarray, np.ndarray]:
    mean, variance = to_arrays([layer.moving_mean, layer.moving_variance])
    return mean, variance
