"""A training to diagnose: its facts, and what is true of it."""

from dataclasses import dataclass
from typing import Any

import keras
import numpy as np

from diagnosis.trainings.building import Facts, model_of
from diagnosis.trainings.program_data import made
from diagnosis.trainings.spoiling import SPOILERS, Split


@dataclass(frozen=True)
class Run:
    """A training to diagnose.

    Args:
        name: Its name, such as `"dying_relu/digits/mlp/3"`.
        facts: What is built and trained: `"data"`, `"layers"`, `"loss"`, `"optimizer"`,
            `"metrics"`, `"batch_size"`, `"epochs"`, and what `fit` is given besides.
        seed: Of data, weights and training.
        faults: The kinds of what is wrong, the most important first; empty if nothing is.
        plausible: Kinds that are neither right nor wrong.
        group: What resembles it: its data set and model.
        check_only: Whether it stops with an error, so that only `check` can judge it.
    """

    name: str
    facts: Facts
    seed: int = 0
    faults: tuple[str, ...] = ()
    plausible: tuple[str, ...] = ()
    group: str = ""
    check_only: bool = False

    def built(self) -> tuple[keras.Model, dict[str, Any]]:
        """Returns the compiled model, and the arguments of `fit`."""
        facts = self.facts
        keras.utils.clear_session()
        keras.utils.set_random_seed(self.seed)
        split = self.split()
        model = model_of(facts, split.x.shape[1:])
        arguments = {
            "x": split.x,
            "y": split.y,
            "batch_size": facts["batch_size"],
            "epochs": facts["epochs"],
            "shuffle": facts.get("shuffle", True),
            "verbose": 0,
            "callbacks": _callbacks(facts),
        }
        if len(split.validation_x):
            arguments["validation_data"] = split.validation_x, split.validation_y
        elif "validation_split" in facts:
            arguments["validation_split"] = facts["validation_split"]
        return model, arguments

    def split(self) -> Split:
        """Returns the data."""
        held_out = self.facts.get("validation_samples", 0)
        data = self.facts["data"]
        x, y = made(data, data.get("samples", 0) + held_out, self.seed)
        cut = len(x) - held_out
        split = Split(x[:cut], y[:cut], x[cut:], y[cut:])
        if spoil := data.get("spoil"):
            split = SPOILERS[spoil](split, np.random.default_rng(self.seed))
        return split


def _callbacks(facts: Facts) -> list[keras.callbacks.Callback]:
    callbacks: list[keras.callbacks.Callback] = []
    if patience := facts.get("early_stopping_patience"):
        callbacks.append(
            keras.callbacks.EarlyStopping(
                "val_loss",
                patience=patience,
                restore_best_weights=facts.get("restore_best_weights", False),
            )
        )
    if patience := facts.get("plateau_patience"):
        callbacks.append(keras.callbacks.ReduceLROnPlateau("val_loss", 0.3, patience))
    return callbacks
