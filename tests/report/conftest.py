"""A small run with those attributes of a `Run` that the report reads."""

import copy
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest

from kerasrecipes.training.run import Run

OPTIONS = {
    "data": "Digits",
    "augment.0": "RandomFlip",
    "augment.0.mode": "horizontal",
    "model": "MLP",
    "model.units": [32, 16],
    "optimizer.nesterov": True,
    "epochs": 5,
}


def fake_recipe(**options):
    flat = {**OPTIONS, **options}
    return SimpleNamespace(
        model=SimpleNamespace(name="MLP"),
        epochs=5,
        batch_size=32,
        steps_per_epoch=None,
        class_weight=None,
        fingerprint="0123456789ab",
        flatten=lambda: flat,
        to_dict=lambda: {"kerasrecipes": 1, "options": flat},
    )


class FakeRun(SimpleNamespace):
    """Attributes of a `Run` that are given instead of read from files."""

    evaluation_split = Run.evaluation_split
    predicted_splits = Run.predicted_splits
    readable_history = property(lambda self: self.history)
    history_remark = ""
    diagnosis = record = None
    snapshots = ()
    validates_on_training_images = False
    finished = property(lambda self: bool(self.metrics))


def fake_run(folder: Path, class_names=("cat", "dog", "owl")) -> FakeRun:
    """A finished run of 5 epochs and three classes, 12 test images of which 3 are mistaken."""
    labels = np.repeat([0, 1, 2], 4).astype("int32")
    predicted = np.array([0, 0, 0, 1, 1, 1, 1, 1, 2, 2, 0, 0])
    probabilities = np.full((12, 3), 0.1)
    probabilities[np.arange(12), predicted] = 0.8
    random = np.random.default_rng(0)
    pixels = lambda *shape: random.integers(0, 256, shape, dtype="uint8")  # noqa: E731
    history = [
        {
            "epoch": epoch,
            "loss": 1 / epoch,
            "accuracy": 1 - 0.5 / epoch,
            "val_loss": 1.25 / epoch,
            "val_accuracy": 1 - 0.75 / epoch,
            "learning_rate": 0.1,
            "seconds": 2.0,
        }
        for epoch in range(1, 6)
    ]
    return FakeRun(
        folder=folder,
        name="demo-0123456789ab",
        recipe=fake_recipe(),
        history=history,
        metrics={
            "monitor": "val_accuracy",
            "epoch": 4,
            "validation": {"loss": 0.3125, "accuracy": 0.8125, "n": 16},
            "test": {"loss": 0.5, "accuracy": 0.75, "n": 12, "accuracy_interval": [0.468, 0.911]},
            "parameters": {"trainable": 12345, "total": 12400},
        },
        predictions={"test_labels": labels, "test_probabilities": probabilities},
        data={
            "source": "a folder of photographs",
            "hash": "ab" * 32,
            "sizes": {"train": 1234, "validation": 16, "test": 12},
            "class_names": list(class_names),
            "image_shape": [6, 8, 3],
            "value_range": [0, 255],
            "resize": None,
            "skipped": [],
            "class_counts": {"train": [400, 400, 434], "validation": [5, 5, 6], "test": [4, 4, 4]},
        },
        environment={"backend": "jax", "seed": 7, "wall_seconds": 83.0, "versions": {"keras": "3"}},
        examples={
            "mistakes": pixels(3, 6, 8, 3),
            "mistake_true": np.array([0, 2, 2]),
            "mistake_predicted": np.array([1, 0, 0]),
            "mistake_probability": np.array([0.8, 0.8, 0.8]),
            "originals": pixels(2, 6, 8, 3),
            "augmented": pixels(2, 4, 6, 8, 3),
            "original_labels": np.array([1, 2]),
        },
    )


@pytest.fixture
def run(tmp_path):
    return fake_run(tmp_path)


@pytest.fixture(scope="session")
def unaltered(tmp_path_factory):
    """A run that no test changes, so that its page is drawn once for all."""
    return fake_run(tmp_path_factory.mktemp("run"))


@pytest.fixture
def unfinished(run):
    """A run after its second epoch: no metrics, predictions, examples or environment yet."""
    unfinished = copy.copy(run)
    unfinished.history = run.history[:2]
    unfinished.metrics = unfinished.predictions = unfinished.examples = unfinished.environment = {}
    return unfinished
