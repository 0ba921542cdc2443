"""What a pretrained network's features tell of images before a training: strategy and mirroring."""

from pathlib import Path

import keras
import numpy as np

from kerasrecipes.data.dataset import Dataset
from kerasrecipes.models.surgery.frozen_part import features_model
from kerasrecipes.models.surgery.network_stages import stage_output
from kerasrecipes.proposals.choices import Advised
from kerasrecipes.recipe.recipe import Recipe
from kerasrecipes.runs.label_safety import CHANGES, OperationCheck
from kerasrecipes.training.build import build_recipe
from kerasrecipes.transfer.advice import MUCH_PER_CLASS, advise

# So many images tell a flip that changes classes from one that does not.
_MIRRORED_IMAGES = 400
_FOLDS = 5
# A class that keeps its label less often than this is another one when it is mirrored.
_AGREEMENT = 0.8


def measured(recipe: Recipe, *, directory: str | Path, seed: int = 0) -> Advised:
    """Returns what a network's features tell: the strategy for the images, and whether to mirror.

    Args:
        recipe: A recipe that trains a new last layer on the network's features.
        directory: Where features are kept.
        seed: Non-negative integer.
    """
    dataset = recipe.data.build("data").load()
    model = build_recipe(recipe, dataset).model
    mirror, mirror_reason = _mirroring(mirror_check(model, dataset, seed))
    if min(dataset.class_counts()["train"]) >= MUCH_PER_CLASS:
        return Advised(mirror=mirror, mirror_reason=mirror_reason)
    advice = advise(
        recipe.data,
        recipe.model,
        preprocessing=recipe.preprocessing,
        directory=directory,
        seed=seed,
    )
    why = (
        f"there are few images of a class, and they are {advice.similarity} to those that the "
        "network was trained on"
    )
    return Advised(advice.strategy, why, mirror, mirror_reason)


def mirror_check(model: keras.Model, dataset: Dataset, seed: int = 0) -> OperationCheck:
    """Checks whether images keep their class when they are mirrored.

    A linear classifier on a pretrained network's features is fitted to images as they are, and
    classifies others as they are and mirrored.

    Args:
        model: A network from raw pixels.
        dataset: The images, of which up to 400 training ones are used.
        seed: Non-negative integer. It chooses images and folds.
    """
    from sklearn.linear_model import LogisticRegression
    from sklearn.model_selection import StratifiedKFold
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler

    order = np.random.default_rng(seed).permutation(len(dataset.train))[:_MIRRORED_IMAGES]
    images, labels = dataset.train.read(order), dataset.train.labels[order]
    often = np.flatnonzero(np.bincount(labels) >= 2)
    kept = np.isin(labels, often)
    images, labels = images[kept], labels[kept]
    if len(often) < 2:
        return OperationCheck("mirror", labels[:0], labels[:0], _AGREEMENT)
    features, mirrored = _features(model, images), _features(model, images[:, :, ::-1])
    folds = min(_FOLDS, int(np.bincount(labels)[often].min()))
    before, after = np.empty_like(labels), np.empty_like(labels)
    splitter = StratifiedKFold(folds, shuffle=True, random_state=seed)
    for fitted, held_out in splitter.split(features, labels):
        classifier = make_pipeline(StandardScaler(), LogisticRegression(C=0.1, max_iter=300))
        classifier.fit(features[fitted], labels[fitted])
        before[held_out] = classifier.predict(features[held_out])
        after[held_out] = classifier.predict(mirrored[held_out])
    known = before == labels
    return OperationCheck("mirror", labels[known], after[known], _AGREEMENT)


def _features(model: keras.Model, images: np.ndarray) -> np.ndarray:
    cut = features_model(model, stage_output(model, None))
    pooled = keras.layers.GlobalAveragePooling2D()(cut.outputs[0])
    return keras.Model(cut.inputs[0], pooled).predict(images, batch_size=32, verbose=0)


def _mirroring(check: OperationCheck) -> tuple[bool, str]:
    n = len(check.before)
    if not n:
        return True, "photographs keep their class when they are mirrored (too few to check it)"
    told = (
        f"of {n:,} images that a classifier knew, {check.agreement:.0%} kept their class when "
        "they were mirrored"
    )
    return check.verdict != CHANGES and check.agreement >= _AGREEMENT, told
