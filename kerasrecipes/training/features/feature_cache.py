"""Cache of image features on disk, computed once and resumable."""

import errno
import hashlib
import re
import shutil
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

import filelock
import keras
import numpy as np

from kerasrecipes.data.batches import ordered_batches
from kerasrecipes.data.filling import FilledSplit, compiles_each_size
from kerasrecipes.data.split import Split
from kerasrecipes.models.surgery.graph import all_layers
from kerasrecipes.training.features.feature_file import FeatureFile

# The features are computed in portions of so many batches. A kill loses at most one portion.
BATCHES_AT_A_TIME = 32


def cached_features(
    models: Mapping[str, keras.Model],
    split: Split,
    *,
    directory: str | Path,
    resize: str | None = None,
    batch_size: int = 64,
    augment: Sequence[keras.layers.Layer] = (),
    data_pass: int = 0,
    joint: Callable[[Sequence[str]], keras.Model] | None = None,
) -> dict[str, np.ndarray]:
    """Returns the outputs of models for the images of a split, from disk or from one pass.

    The name of a file is a hash of the model's layers and weights, the images, and their
    augmentation. A file is written whole and then renamed; the portions that a killed process has
    computed are kept. Files of another version of this package and truncated files are computed
    again.

    Args:
        models: Dictionary from name to model, each with one output.
        split: The images.
        directory: The folder of the files.
        resize: The data source's resize policy, as in `Dataset`. It is part of the name, because
            the digest of a split that is streamed from files does not depend on it.
        batch_size: Positive integer.
        augment: Layers that augment the images first and leave the labels alone.
        data_pass: Non-negative integer. Each pass draws other random numbers for the augmentation.
        joint: Function from names to one model with the outputs of the models of these names, which
            computes their common layers once. Needed if there are several models.

    Returns:
        A dictionary from name to a float32 array `(samples, ...)`, mapped from its file.

    Raises:
        OSError: If the disk is full, or too small for the features.
    """
    directory = Path(directory)
    directory.mkdir(parents=True, exist_ok=True)
    images = split.digest() + (f" {resize}" if resize else "")
    if augment:
        layers = [keras.saving.serialize_keras_object(layer) for layer in augment]
        images += f" {layers} {batch_size} {data_pass}"
    files = {
        name: FeatureFile(
            directory / f"{_hash(model_digest(model), images)}.npy",
            (len(split), *model.output_shape[1:]),
        )
        for name, model in models.items()
    }
    # A second process waits here until the first has written the files.
    with filelock.FileLock(directory / "lock"):
        missing = {name: file for name, file in files.items() if not file.is_whole}
        if missing:
            _check_space(directory, sum(file.size_bytes for file in missing.values()))
            names = list(missing)
            model = models[names[0]] if joint is None else joint(names)
            steps = -(-len(split) // batch_size)
            # Random numbers are drawn for a whole batch, which must not grow.
            fills = compiles_each_size() and not augment
            whole = FilledSplit(split, batch_size) if fills else split

            def batches(begin: int, end: int):
                chosen = range(data_pass * steps + begin, data_pass * steps + end)
                return ordered_batches(whole, batch_size, chosen, augment)

            _compute(model, list(missing.values()), batches, len(split), batch_size)
    return {name: file.read() for name, file in files.items()}


def _compute(
    model: keras.Model,
    files: Sequence[FeatureFile],
    batches: Callable,
    samples: int,
    batch_size: int,
) -> None:
    """Appends a model's outputs to files, in portions, after the portions that are there."""
    rows_at_a_time, steps = BATCHES_AT_A_TIME * batch_size, -(-samples // batch_size)
    done = min(file.rows_there() // rows_at_a_time * rows_at_a_time for file in files)
    try:
        for file in files:
            file.cut_to(done)
        for begin in range(done // batch_size, steps, BATCHES_AT_A_TIME):
            chosen = batches(begin, min(begin + BATCHES_AT_A_TIME, steps))
            outputs = model.predict(chosen, verbose=0)
            # Keras returns a single output without a list around it.
            for file, rows in zip(files, [outputs] if len(files) == 1 else outputs, strict=True):
                file.append(rows[: samples - begin * batch_size])
        for file in files:
            file.finish()
    except OSError as error:
        if error.errno is not None:
            error.filename = error.filename or str(files[0].path)
        error.add_note(
            "The features computed so far are kept: make room, and the same command continues."
        )
        raise


def _check_space(directory: Path, wanted: int) -> None:
    free = shutil.disk_usage(directory).free
    if wanted > free:
        raise OSError(
            errno.ENOSPC,
            f"The features take {wanted / 2**20:,.0f} MiB, and {free / 2**20:,.0f} MiB are free: "
            "make room, choose another directory, or pool the features",
            str(directory),
        )


def _hash(*parts: str) -> str:
    return hashlib.sha256(" ".join(parts).encode()).hexdigest()[:24]


def model_digest(model: keras.Model) -> str:
    """Returns a SHA-256 of a model's layers and weights.

    It depends neither on names, which Keras numbers consecutively, nor on whether layers are
    trainable.
    """
    layers = [model, *model.layers, *all_layers(model)]
    numbers = {name: f"#{n}" for n, name in enumerate(dict.fromkeys(x.name for x in layers))}
    config = re.sub(r'"trainable": (true|false)', '"trainable"', model.to_json())
    config = re.sub(r'"([^"]*)"', lambda quoted: numbers.get(quoted[1], quoted[1]), config)
    content = hashlib.sha256(config.encode())
    for weight in model.weights:
        array = np.ascontiguousarray(keras.ops.convert_to_numpy(weight))
        content.update(array.view(np.uint8).data if array.ndim else array.tobytes())
    return content.hexdigest()
