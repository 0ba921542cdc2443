"""Linear probes on the stages of a network."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import keras
import numpy as np

from kerasrecipes.base.intervals import wilson_interval
from kerasrecipes.data.dataset import Dataset
from kerasrecipes.data.split import Split
from kerasrecipes.models.surgery.frozen_part import features_model
from kerasrecipes.models.surgery.network_stages import stage_output
from kerasrecipes.transfer.feature_extraction import extract_features
from kerasrecipes.transfer.linear_probe import FittedProbe, LinearProbe


@dataclass(frozen=True, eq=False)
class StageProbe:
    """A linear classifier on the output of a stage, averaged over the image.

    Args:
        stage: The name of the stage.
        features: The number of features.
        probe: The classifier.
        correct: How many test images it classifies correctly, or validation images if there is no
            test split.
        n: The number of these images.
    """

    stage: str
    features: int
    probe: FittedProbe
    correct: int
    n: int

    @property
    def accuracy(self) -> float:
        """The share of images that are classified correctly."""
        return self.correct / self.n

    @property
    def interval(self) -> tuple[float, float]:
        """Wilson's 95% interval of the accuracy."""
        return wilson_interval(self.correct, self.n)


def probe_stages(
    model: keras.Model,
    dataset: Dataset,
    stages: Sequence[str] | None = None,
    *,
    directory: str | Path = "saved_models/features",
    batch_size: int = 64,
    probe: LinearProbe | None = None,
) -> list[StageProbe]:
    """Fits a linear classifier to the features of each of several stages.

    The features of the last stages are the best ones for the classes that a network was trained on.
    For other images, those of an earlier stage may be better; the probes show which. The network
    runs once over the images.

    Args:
        model: As in `extract_features`.
        dataset: The images.
        stages: As in `extract_features`.
        directory: The directory of stored features; see `extract_features`.
        batch_size: Positive integer.
        probe: The classifier to fit. Defaults to `LinearProbe()`.

    Returns:
        A `StageProbe` for each stage, from the input on. Choose a stage by
        `probe.validation_accuracy`, and report the test accuracy of the chosen one.

    Raises:
        ValueError: If there is no such stage.
    """
    found = []
    features = extract_features(model, dataset, stages, directory=directory, batch_size=batch_size)
    for stage, data in features.items():
        scored = data.validation if data.test is None else data.test
        fitted = (probe or LinearProbe()).fit(
            _all(data.train), data.train.labels, _all(data.validation), data.validation.labels
        )
        found.append(
            StageProbe(
                stage=stage,
                features=data.image_shape[0],
                probe=fitted,
                correct=fitted.correct(_all(scored), scored.labels),
                n=len(scored),
            )
        )
    return found


def join_probe(model: keras.Model, stage: str, probe: FittedProbe) -> keras.Model:
    """Returns a model from raw pixels to the logits of a probe.

    Args:
        model: The model that the features of the probe come from.
        stage: The name of the stage.
        probe: The classifier.

    Returns:
        A functional `keras.Model`, which `save` can write to a file. It shares its layers with
        `model` up to the stage.
    """
    features = features_model(model, stage_output(model, stage))
    x = keras.layers.GlobalAveragePooling2D(name="head_average")(features.outputs[0])
    logits = keras.layers.Dense(len(probe.bias), name="logits")
    joined = keras.Model(features.inputs[0], logits(x), name=f"{model.name}_{stage}")
    logits.set_weights([probe.kernel, probe.bias])
    return joined


def _all(split: Split) -> np.ndarray:
    return split.read(np.arange(len(split)))
