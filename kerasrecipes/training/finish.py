"""End of a run: its scores, predictions, pictures and saved model."""

import math
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import keras
import numpy as np
from keras import ops
from scipy.special import softmax

from kerasrecipes.base.files import write_json
from kerasrecipes.base.intervals import wilson_interval
from kerasrecipes.data.augment import Augmentation
from kerasrecipes.data.batches import evaluation_batches, ordered_batches
from kerasrecipes.data.dataset import evaluation_split
from kerasrecipes.data.predicting import predict_split
from kerasrecipes.data.split import Split
from kerasrecipes.training.building.build import BuiltRecipe
from kerasrecipes.training.building.compile import compile_arguments
from kerasrecipes.training.examples import augmented_arrays, mistake_arrays
from kerasrecipes.training.files.writing import save_model, write_arrays
from kerasrecipes.training.fit import FittedEpochs
from kerasrecipes.training.run import Run
from kerasrecipes.training.snapshot_models import write_snapshots
from kerasrecipes.training.times_drawn import drawn_images

# What was made of another training's model, if the folder has had one.
_OF_A_MODEL = ("explanations.npz", "adversarial.json", "adversarial.npz", "corruptions.json")


def finish_run(
    folder: Path, built: BuiltRecipe, fitted: FittedEpochs, cached: BuiltRecipe | None = None
) -> None:
    """Scores the trained model, once, and writes the files of a finished run.

    metrics.json is written last: a run that has it is finished.

    Args:
        folder: The run folder.
        built: The built recipe with its trained model.
        fitted: The epoch that the model's weights come from, and the time of the training.
        cached: The part of the same model behind its frozen layers, with their outputs as data.
            If given, it is scored in place of the whole model, because that is faster.
    """
    save_model(built.model, folder / "model.keras")
    scores, predictions = _score(cached or built)
    write_arrays(folder / "predictions.npz", predictions)
    for name in _OF_A_MODEL:
        (folder / name).unlink(missing_ok=True)
    write_arrays(folder / "examples.npz", _examples(built, predictions))
    write_snapshots(folder, built, fitted.snapshots, cached)
    environment = Run(folder).environment | {"wall_seconds": round(fitted.seconds, 3)}
    write_json(folder / "environment.json", environment)
    parameters = {
        "trainable": sum(math.prod(v.shape) for v in built.model.trainable_variables),
        "total": built.model.count_params(),
    }
    metrics = {"monitor": built.recipe.monitor, "epoch": fitted.kept, **scores}
    if fitted.average:
        metrics["average"] = fitted.average
    if fitted.diverged:
        metrics["diverged"] = fitted.diverged
    if drawn := drawn_images(built, len(Run(folder).history)):
        metrics["sampling"] = drawn
    write_json(folder / "metrics.json", {**metrics, "parameters": parameters})


def _score(built: BuiltRecipe) -> tuple[dict[str, dict | None], dict[str, np.ndarray]]:
    """Returns scores and predictions on validation and, if there is one, on test."""
    scores: dict[str, dict | None] = {"validation": None, "test": None}
    predictions: dict[str, np.ndarray] = {}
    metrics = metrics_of_logits(built)
    for name in scores:
        if name in built.dataset.splits:
            split = built.dataset.splits[name]
            logits = predict_split(built.predictor, split, built.batch_size).astype("float32")
            probabilities = softmax(logits, axis=-1)
            scores[name] = _scores(evaluated(built, metrics, split, logits), split, probabilities)
            predictions[f"{name}_probabilities"] = probabilities
            predictions[f"{name}_labels"] = split.labels
    return scores, predictions


def metrics_of_logits(built: BuiltRecipe) -> keras.Model:
    """Returns a model that returns its inputs, compiled with the loss and metrics of a recipe."""
    inputs = keras.Input(built.model.output_shape[1:])
    identity = keras.Model(inputs, keras.layers.Identity()(inputs))
    identity.compile(
        **compile_arguments(
            built.recipe,
            built.dataset.class_names,
            built.mixed_labels,
            built.dataset.class_counts()["train"],
        )
    )
    return identity


def evaluated(
    built: BuiltRecipe, metrics: keras.Model, split: Split, logits: np.ndarray
) -> dict[str, float]:
    """Returns what the model's `evaluate` returns, up to rounding, without another pass.

    Loss and metrics are computed batch by batch from logits. The first batch is evaluated by the
    model too: if the results differ, as with a layer that adds a loss of its own, all are.

    Args:
        built: The built recipe with its trained model.
        metrics: What `metrics_of_logits` returns of it.
        split: The images.
        logits: The model's logits of them, `(samples, classes)`.
    """
    model, size = built.model, built.batch_size
    regularized = [v for v in model.trainable_variables if v.regularizer]
    penalty = sum(float(ops.convert_to_numpy(v.regularizer(v))) for v in regularized)
    of_first: dict[str, float] = {}

    def note_first(batch, logs):
        if batch == 0:
            of_first.update(_floats(logs))

    of_all = metrics.evaluate(
        logits,
        split.labels,
        size,
        callbacks=[keras.callbacks.LambdaCallback(on_test_batch_end=note_first)],
        verbose=0,
        return_dict=True,
    )
    for found in (of_first, of_all):
        found["loss"] += penalty
    first = model.evaluate(ordered_batches(split, size, range(1)), verbose=0, return_dict=True)
    if not np.allclose([of_first[name] for name in first], [*first.values()], equal_nan=True):
        return model.evaluate(evaluation_batches(split, size), verbose=0, return_dict=True)
    return of_all


def _scores(logged: Mapping[str, float], split: Split, probabilities: np.ndarray) -> dict:
    """Returns Keras's loss and metrics, and the accuracy with its 95% Wilson interval."""
    correct = int(np.sum(probabilities.argmax(-1) == split.labels))
    return {
        **_floats(logged),
        "accuracy": correct / len(split),
        "accuracy_interval": list(wilson_interval(correct, len(split))),
        "n": len(split),
    }


def _floats(logged: Mapping[str, Any]) -> dict[str, float]:
    return {name: float(value) for name, value in logged.items()}


def _examples(built: BuiltRecipe, predictions: Mapping[str, np.ndarray]) -> dict[str, np.ndarray]:
    """Returns the pictures that the report shows."""
    splits = built.dataset.splits
    judged = evaluation_split(splits)
    mistakes = mistake_arrays(splits[judged], predictions[f"{judged}_probabilities"])
    if not built.augment:
        return mistakes
    augmentation = Augmentation(built.augment, len(built.dataset.class_names))
    return mistakes | augmented_arrays(built.dataset.train, augmentation, built.recipe.seed)
