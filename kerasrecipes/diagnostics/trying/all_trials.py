"""All short trainings of a check, in order of worth, as far as there is time."""

import copy
from collections.abc import Callable
from dataclasses import replace
from typing import Any

from kerasrecipes.diagnostics.facts.given import Given
from kerasrecipes.diagnostics.looking.layer_probe import LayerProbe, is_from_keras
from kerasrecipes.diagnostics.record.probes import Probe
from kerasrecipes.diagnostics.record.record import Record
from kerasrecipes.diagnostics.record.trials import Trials
from kerasrecipes.diagnostics.trying.building import said
from kerasrecipes.diagnostics.trying.control_trainings import controls
from kerasrecipes.diagnostics.trying.first_losses import initial_loss
from kerasrecipes.diagnostics.trying.mode_comparisons import modes
from kerasrecipes.diagnostics.trying.overfitting import overfit
from kerasrecipes.diagnostics.trying.rate_ranges import rates
from kerasrecipes.diagnostics.trying.sandboxing import Clock, OutOfTime, Sandbox, sandbox
from kerasrecipes.diagnostics.trying.subset import SAMPLES, batch_of, subset_of

# Where an optimizer does not tell its rate.
_USUAL_RATE = 0.001


def tried(model, given: Given, record: Record, *, seconds: float, seed: int) -> Record:
    """Returns a record with the results of short trainings, which are undone.

    Args:
        model: A compiled and built model.
        given: The data.
        record: Facts of both.
        seconds: The time for all, without what Keras takes to compile.
        seed: Non-negative integer.
    """
    if (reason := _hindrance(model, given)) is not None:
        return replace(record, missing={**record.missing, "trials": reason})
    try:
        with sandbox(model, Clock(seconds)) as trial:
            return _all(trial, given, record, seed)
    except Exception as error:  # What users' optimizers raise is not known.
        reason = f"The optimizer cannot be made anew from its config: {said(error)}"
        return replace(record, missing={**record.missing, "trials": reason})


def _all(trial: Sandbox, given: Given, record: Record, seed: int) -> Record:
    size = _batch_size(trial.model, given)
    indices = subset_of(given, size, seed)
    batch = batch_of(given, indices)
    outputs = record.outputs
    optimizer = record.optimizer
    rate = (optimizer.learning_rate if optimizer else None) or _USUAL_RATE
    name = optimizer.kind if optimizer else type(trial.model.optimizer).__name__
    probes: list[Probe] = []
    probe = LayerProbe(trial.model, batch[0], batch[1] if len(batch) > 1 else None, outputs)
    found: dict[str, Any] = {}
    missing = dict(record.missing)

    def look(step: int) -> Probe:
        # A copy knows the weights before, not those after another trial. How fast weights change
        # at another rate than the model's own, is not what is asked.
        found = copy.copy(probe).look(0, step)
        layers = {n: replace(each, update_ratio=None) for n, each in found.layers.items()}
        return replace(found, layers=layers)

    def before() -> None:
        with trial.first("look"):
            probes.append(look(0))

    def overfitted():
        result, after = overfit(trial, batch, outputs, name, rate, look if probes else None)
        probes.extend([after] if after is not None else [])
        return result

    def best_rate() -> float:
        return found["overfit"].learning_rate or rate if "overfit" in found else rate

    steps: dict[str, Callable[[], Any]] = {
        "trials.initial_loss": lambda: initial_loss(trial, batch, outputs),
        "probes": before,
        "trials.overfit": overfitted,
        "trials.modes": lambda: modes(trial, batch, rate),
        "trials.controls": lambda: controls(trial, given, len(indices), best_rate(), seed),
        "trials.rates": lambda: rates(trial, given, len(indices), seed),
    }
    for part, run in steps.items():
        if part == "trials.controls" and given.y is None:
            missing[part] = "There are no targets."
            continue
        try:
            result = run()
        except OutOfTime as reason:
            missing[part] = str(reason)
        except Exception as error:  # What users' models raise is not known.
            missing[part] = f"The model failed: {said(error)}"
        else:
            if part.startswith("trials."):
                found[part.removeprefix("trials.")] = result
    return replace(record, trials=Trials(**found), probes=tuple(probes), missing=missing)


def _hindrance(model, given: Given) -> str | None:
    """Returns why a model cannot be trained on data; `None` if it can."""
    if not model.compiled:
        return "The model is not compiled."
    if not model.built:
        return "The model is not built."
    if given.x is None:
        return given.missing.get("data.inputs", "There are no data.")
    if not given.samples and given.samples is not None:
        return "There are no samples."
    own_step = not is_from_keras(type(model).train_step)
    if given.y is None and model.loss is not None and not own_step:
        return "There are no targets, and the loss takes some."
    if not model.trainable_variables:
        return "The model has no weights that are trained."
    return None


def _batch_size(model, given: Given) -> int:
    """Returns the number of samples in a batch: a stateful model says it itself."""
    fixed = [tensor.shape[0] for tensor in getattr(model, "inputs", None) or ()]
    return next((size for size in fixed if size is not None), SAMPLES)
