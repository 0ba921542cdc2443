"""Records of facts, from a model and arrays, and from words."""

from dataclasses import replace

import keras
import numpy as np

from kerasrecipes.diagnostics.facts.describing import described
from kerasrecipes.diagnostics.facts.given import given_data
from kerasrecipes.diagnostics.facts.value_statistics import value_facts
from kerasrecipes.diagnostics.record.data_facts import Data
from kerasrecipes.diagnostics.record.model_facts import Layer, Loss, Model, Optimizer, Output
from kerasrecipes.diagnostics.record.record import Record
from kerasrecipes.diagnostics.record.series import Series

RANDOM = np.random.default_rng(0)
NUMBERS = RANDOM.normal(size=600)
INDICES = RANDOM.integers(0, 3, 600)
ONE_HOT = np.eye(3)[INDICES]
BINARY = INDICES.clip(0, 1)


def of_output(activation, units, loss, targets, metrics=(), from_logits=None, **options) -> Record:
    """Returns the record of an output, its loss and its targets."""
    if from_logits is None and "crossentropy" in loss:
        from_logits = False
    shape = (units,) if isinstance(units, int) else units
    output = Output(
        "out",
        shape,
        activation,
        loss=Loss(loss, loss, from_logits, **options),
        metrics=metrics,
        targets=value_facts(np.asarray(targets)),
    )
    return Record(outputs=(output,))


def of_layers(*layers: Layer, targets=NUMBERS, **parts) -> Record:
    """Returns the record of a chain of layers, each with a name if it has none."""
    named = [replace(x, name=x.name or f"layer{k}") for k, x in enumerate(layers)]
    output = Output("out", (1,), "linear", targets=value_facts(np.asarray(targets)))
    model = Model("Sequential", tuple(named), 1000, 1000)
    return Record(model=model, outputs=(output,), **parts)


def dense(units, activation="relu", fan_in=32, **options) -> Layer:
    """Returns the facts of a dense layer with he_normal weights."""
    std = (2 / fan_in) ** 0.5
    facts = {"kernel_std": std, "parameters": (fan_in + 1) * units, **options}
    return Layer("", "Dense", activation=activation, units=units, fan_in=fan_in, **facts)


def of_settings(kind="Adam", rate=0.001, batch_size=32, samples=10_000, epochs=10, **options):
    """Returns the record of an optimizer and its steps."""
    steps = -(-samples // batch_size)
    return Record(
        optimizer=Optimizer(kind, rate, **options),
        data=Data("arrays", samples, batch_size, steps, inputs=(value_facts(np.zeros(3)),)),
        series=Series({"loss": [1.0]}, planned_epochs=epochs),
    )


def of_data(x, y=None, loss="sparse_categorical_crossentropy", **options) -> Record:
    """Returns the record of a small classifier's data."""
    model = keras.Sequential(
        [keras.Input(x.shape[1:]), keras.layers.Flatten(), keras.layers.Dense(3, "softmax")]
    )
    model.compile("adam", loss)
    return described(model, given_data(x, y, **options))
