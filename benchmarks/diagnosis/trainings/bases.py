"""Small trainings that go well, as facts: what faults are planted in."""

from collections.abc import Callable
from typing import Any

Facts = dict[str, Any]

RELU = {"activation": "relu"}


def dense(units: int, activation: str = "relu", **options) -> Facts:
    return {"type": "Dense", "units": units, "activation": activation} | options


def convolution(filters: int, **options) -> Facts:
    return {"type": "Conv2D", "filters": filters, "kernel": 3, "padding": "same"} | RELU | options


FLATTEN: Facts = {"type": "Flatten"}
POOL: Facts = {"type": "MaxPooling2D", "pool": 2}
CLASSES = {
    "loss": "sparse_categorical_crossentropy",
    "optimizer": {"name": "Adam", "learning_rate": 0.002},
    "metrics": ["accuracy"],
    "batch_size": 32,
}

DIGITS = CLASSES | {
    "task": "multiclass",
    "data": {"make": "small_digits", "samples": 900},
    "validation_samples": 600,
    "epochs": 10,
}
PICTURES = CLASSES | {
    "task": "multiclass",
    "data": {"make": "small_pictures", "samples": 1600},
    "validation_samples": 600,
    "epochs": 8,
}
TABLE = CLASSES | {
    "task": "binary",
    "data": {"make": "breast_cancer", "samples": 420, "standardized": True},
    "validation_samples": 149,
    "loss": "binary_crossentropy",
    "epochs": 8,
}
REGRESSION = CLASSES | {
    "task": "regression",
    "data": {
        "make": "friedman",
        "samples": 800,
        "standardized": True,
        "targets_standardized": True,
    },
    "validation_samples": 400,
    "loss": "mean_squared_error",
    "metrics": ["mean_absolute_error"],
    "optimizer": {"name": "Adam", "learning_rate": 0.005},
    "epochs": 20,
}

# By data set and model.
BASES: dict[tuple[str, str], Facts] = {
    ("digits", "mlp"): DIGITS | {"layers": [FLATTEN, dense(64), dense(32), dense(10, "softmax")]},
    ("digits", "cnn"): DIGITS
    | {
        "layers": [
            *(convolution(8), convolution(16), POOL, FLATTEN),
            *(dense(32), dense(10, "softmax")),
        ],
        "epochs": 8,
    },
    ("cifar10", "mlp"): PICTURES
    | {
        "layers": [FLATTEN, dense(64), dense(32), dense(4, "softmax")],
        "optimizer": {"name": "Adam", "learning_rate": 0.001},
    },
    ("cifar10", "cnn"): PICTURES
    | {
        "layers": [
            *(convolution(8), POOL, convolution(16), POOL, convolution(16), FLATTEN),
            *(dense(32), dense(4, "softmax")),
        ]
    },
    ("table", "mlp"): TABLE | {"layers": [dense(32), dense(16), dense(1, "sigmoid")]},
    ("table", "deep"): TABLE
    | {"layers": [dense(32), dense(32), dense(16), dense(16), dense(1, "sigmoid")]},
    ("regression", "mlp"): REGRESSION | {"layers": [dense(64), dense(32), dense(1, "linear")]},
    ("regression", "tanh"): REGRESSION
    | {"layers": [dense(48, "tanh"), dense(48, "tanh"), dense(1, "linear")]},
}


def with_layers(facts: Facts, change: Callable[[Facts], Facts | list[Facts]]) -> Facts:
    """Returns facts whose hidden layers are changed one by one; a list takes a layer's place."""
    layers: list[Facts] = []
    for layer in facts["layers"][:-1]:
        changed = change(layer)
        layers += changed if isinstance(changed, list) else [changed]
    return facts | {"layers": [*layers, facts["layers"][-1]]}


def with_weights(facts: Facts, **options) -> Facts:
    """Returns facts whose hidden layers with weights have other options."""
    return with_layers(facts, lambda layer: layer | options if has_weights(layer) else layer)


def with_output(facts: Facts, **options) -> Facts:
    """Returns facts whose last layer has other options."""
    return facts | {"layers": [*facts["layers"][:-1], facts["layers"][-1] | options]}


def with_data(facts: Facts, **options) -> Facts:
    """Returns facts with other data."""
    return facts | {"data": facts["data"] | options}


def has_weights(layer: Facts) -> bool:
    return layer["type"] in ("Dense", "Conv2D")
