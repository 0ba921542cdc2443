"""Resumes training of saved models: `resume_script.py FOLDER`, run by `test_training.py`."""

import sys
from pathlib import Path

import keras
import numpy as np

import tests.optimizers.cases  # noqa: F401 - registers the classes that the files name


def train(model, steps):
    """Trains a model on data that depend on nothing but the number of the step."""
    for step in steps:
        rng = np.random.default_rng(step)
        model.train_on_batch(rng.normal(size=(8, 4)), rng.normal(size=(8, 2)))


if __name__ == "__main__":
    for path in sorted(Path(sys.argv[1]).glob("*.keras")):
        model = keras.models.load_model(path)
        model.run_eagerly = True
        train(model, range(4, 8))
        np.savez(path.with_suffix(".npz"), *model.get_weights())
