"""What can be told of a task from a pretrained network, before any training."""

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

# Enough for an accuracy to a point or two; a forward pass and a second of fits.
MOST_IMAGES = 2000
FOLDS = 5
# Of the images that statistics are measured on.
BATCH_SIZE = 64
STATISTICS_IMAGES = 512


@dataclass(frozen=True)
class Task:
    """A data set as a pretrained network sees it.

    Args:
        images_per_class: Training and validation images of the smallest class.
        classes: The number of classes.
        accuracies: Accuracy of a linear classifier on the features of each stage, by stage from
            the input on; the mean over folds.
        shift: How far the images' statistics are from those of the images that the network was
            trained on, in standard deviations; `None` where it has no batch normalization.
    """

    images_per_class: int
    classes: int
    accuracies: dict[str, float]
    shift: float | None

    @property
    def best_stage(self) -> str:
        """The stage whose features serve best; of equal ones the last."""
        return max(reversed(self.accuracies), key=self.accuracies.__getitem__)

    @property
    def gain(self) -> float:
        """How much better the best stage's features serve than the last's."""
        return self.accuracies[self.best_stage] - list(self.accuracies.values())[-1]


def measure_task(
    model: keras.Model, dataset: Dataset, *, directory: str | Path, seed: int = 0
) -> Task:
    """Measures a task.

    Images of the validation split are used like those for training; the test split is not touched.

    Args:
        model: A model from raw pixels, which may be the network itself.
        dataset: The data.
        directory: Where features are kept; see `extract_features`.
        seed: Draws the images, where there are more than `MOST_IMAGES`, and the folds.
    """
    counts = np.sum([dataset.class_counts()[name] for name in ("train", "validation")], axis=0)
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
        images_per_class=int(counts.min()),
        classes=len(counts),
        accuracies=accuracies,
        shift=_shift(model, _whole(sample.train)[:STATISTICS_IMAGES]),
    )


def _whole(split: Split) -> np.ndarray:
    return split.read(np.arange(len(split)))


def _sample(dataset: Dataset, seed: int) -> Dataset:
    """Returns up to `MOST_IMAGES` images of training and validation, in memory, in random order."""
    total = len(dataset.train) + len(dataset.validation)
    share = min(1.0, MOST_IMAGES / total)

    def some(split: Split) -> ArraySplit:
        order = np.random.default_rng(seed).permutation(len(split))
        chosen = order[: max(1, round(share * len(split)))]
        return ArraySplit(split.read(chosen), split.labels[chosen])

    return replace(
        dataset, train=some(dataset.train), validation=some(dataset.validation), test=None
    )


def _accuracy(features: np.ndarray, labels: np.ndarray, seed: int) -> float:
    """Returns the share of samples that linear classifiers which have not seen them get right."""
    from sklearn.linear_model import LogisticRegression
    from sklearn.model_selection import StratifiedKFold, cross_val_predict
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler

    folds = min(FOLDS, int(np.unique(labels, return_counts=True)[1].min()))
    classifier = make_pipeline(StandardScaler(), LogisticRegression(C=0.1, max_iter=500))
    splitter = StratifiedKFold(folds, shuffle=True, random_state=seed)
    return float(np.mean(cross_val_predict(classifier, features, labels, cv=splitter) == labels))


def _shift(model: keras.Model, images: np.ndarray) -> float | None:
    """Returns the mean distance of channels' means, in the source's standard deviations.

    Batch normalization keeps the statistics of what it was trained on. They are compared with those
    of these images, over all such layers; the model is left as it was.
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
