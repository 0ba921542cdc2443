"""The end of a run: scores, predictions, pictures and the saved model."""

import math
from collections.abc import Mapping
from pathlib import Path

import keras
import numpy as np
from scipy.special import softmax

from kerasrecipes.base.files import replacing, write_json
from kerasrecipes.base.intervals import wilson_interval
from kerasrecipes.data.augment import Augmentation
from kerasrecipes.data.batches import evaluation_batches
from kerasrecipes.data.split import Split
from kerasrecipes.training.build import BuiltRecipe
from kerasrecipes.training.run import Run

# How many pictures the report can show.
MISTAKES, ORIGINALS, DRAWS = 24, 8, 6


def finish_run(
    folder: Path,
    built: BuiltRecipe,
    epoch: int,
    seconds: float,
    cached: BuiltRecipe | None = None,
) -> None:
    """Scores the trained model, once, and writes all that a finished run has.

    metrics.json comes last: a run that has it is finished.

    Args:
        folder: The run folder.
        built: What was trained.
        epoch: The epoch whose weights the model has, counted from 1.
        seconds: How long all epochs took.
        cached: The same model behind its frozen part, and that part's outputs: scored faster.
    """
    model, dataset = built.model, built.dataset
    # Without the compiled state the file needs nothing but Keras, and holds no optimizer slots.
    with replacing(folder / "model.keras") as temporary:
        keras.Model(model.inputs, model.outputs, name=model.name).save(temporary)
    scores: dict[str, dict | None] = {"validation": None, "test": None}
    predictions: dict[str, np.ndarray] = {}
    scored = cached or built
    # Not compiled: of a model with several steps an execution, Keras would unroll `predict`.
    plain = keras.Model(scored.model.inputs, scored.model.outputs)
    for name in scores:
        if name in dataset.splits:
            split = scored.dataset.splits[name]
            probabilities = _probabilities(plain, split, built.batch_size)
            scores[name] = _scores(scored.model, split, probabilities, built.batch_size)
            predictions[f"{name}_probabilities"] = probabilities
            predictions[f"{name}_labels"] = split.labels
    _write_arrays(folder / "predictions.npz", predictions)
    _write_arrays(folder / "examples.npz", {**_mistakes(built, predictions), **_draws(built)})
    write_json(
        folder / "environment.json", Run(folder).environment | {"wall_seconds": round(seconds, 3)}
    )
    parameters = {
        "trainable": sum(math.prod(v.shape) for v in model.trainable_variables),
        "total": model.count_params(),
    }
    write_json(
        folder / "metrics.json",
        {"monitor": built.recipe.monitor, "epoch": epoch, **scores, "parameters": parameters},
    )


def _probabilities(model: keras.Model, split: Split, batch_size: int) -> np.ndarray:
    logits = model.predict(evaluation_batches(split, batch_size), verbose=0)
    return softmax(logits.astype("float32"), axis=-1)


def _scores(model: keras.Model, split: Split, probabilities, batch_size: int) -> dict:
    """Returns Keras's loss and metrics, and the accuracy with its 95% Wilson interval."""
    logged = model.evaluate(evaluation_batches(split, batch_size), verbose=0, return_dict=True)
    correct = int(np.sum(probabilities.argmax(-1) == split.labels))
    return {
        **{name: float(value) for name, value in logged.items()},
        "accuracy": correct / len(split),
        "accuracy_interval": list(wilson_interval(correct, len(split))),
        "n": len(split),
    }


def _mistakes(built: BuiltRecipe, predictions: Mapping[str, np.ndarray]) -> dict:
    """Returns the pictures that the model is most confidently wrong about."""
    name = "validation" if built.dataset.test is None else "test"
    split = built.dataset.splits[name]
    probabilities = predictions[f"{name}_probabilities"]
    predicted = probabilities.argmax(-1)
    wrong = np.flatnonzero(predicted != split.labels)
    wrong = wrong[np.argsort(-probabilities[wrong].max(-1), kind="stable")][:MISTAKES]
    return {
        "mistakes": split.read(wrong),
        "mistake_true": split.labels[wrong],
        "mistake_predicted": predicted[wrong],
        "mistake_probability": probabilities[wrong].max(-1),
    }


def _draws(built: BuiltRecipe) -> dict:
    """Returns a few training pictures and what augmentation makes of them."""
    if not built.augment:
        return {}
    split = built.dataset.train
    _, first = np.unique(split.labels, return_index=True)
    first = first[:ORIGINALS]
    originals = split.read(first)
    augmentation = Augmentation(built.augment, len(built.dataset.class_names))
    draws = []
    for draw in range(DRAWS):
        words = np.array([built.recipe.seed, draw], "uint32")
        images, _ = augmentation(originals, split.labels[first], words)
        pixels = keras.ops.convert_to_numpy(keras.ops.cast(images, "float32"))
        draws.append(np.clip(np.round(pixels), 0, 255).astype("uint8"))
    return {
        "originals": originals,
        "original_labels": split.labels[first],
        "augmented": np.stack(draws, axis=1),
    }


def _write_arrays(path: Path, arrays: Mapping[str, np.ndarray]) -> None:
    with replacing(path) as temporary:
        np.savez_compressed(temporary, **arrays)  # type: ignore[arg-type]
