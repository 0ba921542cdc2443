"""What a network's features tell of images before a training: penalty, mirroring, strategy."""

import warnings
from dataclasses import replace
from pathlib import Path

import keras
import numpy as np
from scipy.stats import binomtest

from kerasrecipes.data.split import Split
from kerasrecipes.models.surgery.frozen_part import features_model
from kerasrecipes.models.surgery.network_stages import stage_output
from kerasrecipes.proposals.choices import SCRATCH, Advised
from kerasrecipes.recipe.recipe import Recipe
from kerasrecipes.runs.label_safety import CHANGES, OperationCheck
from kerasrecipes.training.building.build import build_recipe
from kerasrecipes.transfer.advice import MUCH_PER_CLASS, advise
from kerasrecipes.transfer.linear_probe import LinearProbe

# So many training images tell a mirroring that changes classes from one that does not.
IMAGES = 400
_FOLDS = 5
# Pixels are looked at on images of this side. They tell more than features if a classifier is right
# on more images by them, at this level of a sign test.
_SIDE, _LEVEL = 8, 0.01
# A class that keeps its label less often than this is another one when it is mirrored.
_AGREEMENT = 0.8
# The penalties to choose from, and the share of the images that choose.
_PENALTIES, _CHOOSING = (1e-3, 1e-2, 1e-1, 1.0), 0.25


def measured(recipe: Recipe, *, directory: str | Path, seed: int = 0) -> Advised:
    """Returns what features tell: the last layer's penalty, whether to mirror, and the strategy.

    Only training images are looked at.

    Args:
        recipe: A recipe that trains a new last layer on the network's features.
        directory: Where features are kept.
        seed: Non-negative integer. It chooses images.
    """
    with warnings.catch_warnings():
        # Many classes of few images are no numbers that a regression should predict.
        warnings.filterwarnings("ignore", message="The number of unique classes")
        return _measured(recipe, Path(directory), seed)


def _measured(recipe: Recipe, directory: Path, seed: int) -> Advised:
    dataset = recipe.data.build("data").load()
    images, labels = sample(dataset.train, seed)
    network = _features_of(build_recipe(recipe, dataset).model)
    features = network.predict(images, batch_size=32, verbose=0)
    mirrored = network.predict(images[:, :, ::-1], batch_size=32, verbose=0)
    pixels = shrunk(images)
    if why := better_by_pixels(features, pixels, labels, seed):
        check = mirror_check(pixels, shrunk(images[:, :, ::-1]), labels, seed)
        return Advised(SCRATCH, why, *_mirroring(check))
    mirror, mirror_reason = _mirroring(mirror_check(features, mirrored, labels, seed))
    advised = Advised(
        mirror=mirror,
        mirror_reason=mirror_reason,
        l2=best_penalty(features, labels, images=len(dataset.train), seed=seed),
    )
    if min(dataset.class_counts()["train"]) >= MUCH_PER_CLASS:
        return advised
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
    return replace(advised, strategy=advice.strategy, reason=why)


def sample(split: Split, seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    """Returns up to 400 images of classes that have two of them at least, and their labels."""
    order = np.random.default_rng(seed).permutation(len(split))[:IMAGES]
    labels = split.labels[order]
    order = order[np.bincount(labels)[labels] >= 2]
    return split.read(order), split.labels[order]


def shrunk(images: np.ndarray) -> np.ndarray:
    """Returns images `(images, height, width, channels)` as pixels `(images, 64 * channels)`."""
    small = keras.ops.image.resize(images.astype("float32"), (_SIDE, _SIDE), antialias=True)
    return keras.ops.convert_to_numpy(small).reshape(len(images), -1)


def better_by_pixels(
    features: np.ndarray, pixels: np.ndarray, labels: np.ndarray, seed: int = 0
) -> str:
    """Returns why a network does not know images, or nothing if it does.

    It does not if its features tell classes apart less well than the pixels do that they are
    computed of, by linear classifiers on images that they were not fitted to.

    Args:
        features: Array `(images, features)`.
        pixels: Array `(images, pixels)`.
        labels: Integer array `(images,)`.
        seed: Non-negative integer. It chooses the folds.

    Returns:
        A clause.
    """
    from sklearn.model_selection import cross_val_predict

    if len(np.unique(labels)) < 2:
        return ""
    by_features, by_pixels = (
        cross_val_predict(_classifier(), given, labels, cv=_folds(labels, seed)) == labels
        for given in (features, pixels)
    )
    only_pixels = int(np.sum(by_pixels & ~by_features))
    discordant = int(np.sum(by_pixels != by_features))
    if not discordant or binomtest(only_pixels, discordant, alternative="greater").pvalue > _LEVEL:
        return ""
    return (
        f"a linear classifier is right on {by_pixels.mean():.0%} of {len(labels):,} images by "
        f"their pixels alone, and on {by_features.mean():.0%} by the features of the network that "
        "there is, which does not know such images"
    )


def mirror_check(
    features: np.ndarray, mirrored: np.ndarray, labels: np.ndarray, seed: int = 0
) -> OperationCheck:
    """Checks whether images keep their class when they are mirrored.

    A linear classifier is fitted to the features of images as they are, and classifies others as
    they are and mirrored.

    Args:
        features: Array `(images, features)` of images as they are.
        mirrored: The same of the images mirrored.
        labels: Integer array `(images,)`.
        seed: Non-negative integer. It chooses the folds.
    """
    if len(np.unique(labels)) < 2:
        return OperationCheck("mirror", labels[:0], labels[:0], _AGREEMENT)
    before, after = np.empty_like(labels), np.empty_like(labels)
    for fitted, held_out in _folds(labels, seed).split(features, labels):
        classifier = _classifier().fit(features[fitted], labels[fitted])
        before[held_out] = classifier.predict(features[held_out])
        after[held_out] = classifier.predict(mirrored[held_out])
    known = before == labels
    return OperationCheck("mirror", labels[known], after[known], _AGREEMENT)


def _classifier():
    from sklearn.linear_model import LogisticRegression
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler

    return make_pipeline(StandardScaler(), LogisticRegression(C=0.1, max_iter=300))


def _folds(labels: np.ndarray, seed: int):
    from sklearn.model_selection import StratifiedKFold

    folds = min(_FOLDS, int(np.unique(labels, return_counts=True)[1].min()))
    return StratifiedKFold(folds, shuffle=True, random_state=seed)


def best_penalty(
    features: np.ndarray, labels: np.ndarray, *, images: int | None = None, seed: int = 0
) -> float | None:
    """Returns the factor of Keras's L2 with which a linear classifier is best on held-out images.

    Args:
        features: Array `(images, features)`.
        labels: Integer array `(images,)`.
        images: Positive integer. The number of images that will be trained on. The loss is a mean
            over images, so that of more of them a penalty is worth less, as a prior's is. Defaults
            to the number that the classifier is fitted to here.
        seed: Non-negative integer. It chooses the quarter of the images that is held out.

    Returns:
        A positive float; `None` if there are less than four images of some class.
    """
    names, labels = np.unique(labels, return_inverse=True)
    if len(names) < 2 or np.bincount(labels).min() < 4:
        return None
    from sklearn.model_selection import train_test_split

    fitted, choosing = train_test_split(
        np.arange(len(labels)), test_size=_CHOOSING, stratify=labels, random_state=seed
    )
    probe = LinearProbe(l2=_PENALTIES, iterations=100).fit(
        features[fitted], labels[fitted], features[choosing], labels[choosing]
    )
    # The probe halves it, and counts kernels of features of deviation 1.
    factor = probe.l2 / 2 * float(features.var(0).mean())
    factor *= len(fitted) / max(images or 0, len(fitted))
    return float(f"{factor:.2g}") or None


def _features_of(model: keras.Model) -> keras.Model:
    cut = features_model(model, stage_output(model, None))
    return keras.Model(cut.inputs[0], keras.layers.GlobalAveragePooling2D()(cut.outputs[0]))


def _mirroring(check: OperationCheck) -> tuple[bool, str]:
    n = len(check.before)
    if not n:
        return True, "photographs keep their class when they are mirrored (too few to check it)"
    told = (
        f"of {n:,} images that a classifier knew, {check.agreement:.0%} kept their class when "
        "they were mirrored"
    )
    return check.verdict != CHANGES and check.agreement >= _AGREEMENT, told
