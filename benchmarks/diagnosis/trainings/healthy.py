"""Trainings that go well, in many ways: optimizers, schedules, sizes, regularizers."""

import random
from collections.abc import Iterator
from typing import Any

from diagnosis.trainings.bases import (
    BASES,
    Facts,
    has_weights,
    with_layers,
    with_output,
    with_weights,
)
from diagnosis.trainings.planted import TUNING_DATA
from diagnosis.trainings.runs import Run

# How many of each data set and model are tried; the few that do not reach a good score are left
# out of the table, since silence would be wrong there.
SCORED, TUNING = 52, 12

# Optimizers, with a rate that suits these small trainings at a batch of 32.
OPTIMIZERS: dict[str, dict[str, Any]] = {
    "SGD": {"learning_rate": 0.1},
    "Momentum": {"learning_rate": 0.03},
    "Nesterov": {"name": "SGD", "learning_rate": 0.03, "momentum": 0.9, "nesterov": True},
    "Adam": {"learning_rate": 0.002},
    "AdamW": {"learning_rate": 0.002, "weight_decay": 0.004},
    "Nadam": {"learning_rate": 0.002},
    "Adamax": {"learning_rate": 0.005},
    "RMSprop": {"learning_rate": 0.001},
    "Adagrad": {"learning_rate": 0.05},
    "Lion": {"learning_rate": 0.0005},
    "RAdam": {"learning_rate": 0.004},
    "AdaBelief": {"learning_rate": 0.002},
    "DiffGrad": {"learning_rate": 0.003},
    "Clipped": {"name": "SGD", "learning_rate": 0.1, "clipnorm": 1.0},
}
WRAPPERS = ("Lookahead", "GradientCentralization", "AdaptiveGradientClipping")
SCHEDULES = ("constant", "step", "cosine", "restarts", "cyclic", "one_cycle", "warmup", "plateau")


def _scheduled(name: str, rate: float, steps: int) -> Any:
    """Returns a rate that changes over a training of so many steps, as facts."""
    cosine = {"name": "CosineDecay", "initial_learning_rate": rate, "decay_steps": steps}
    schedules = {
        "step": {
            "name": "StepDecay",
            "initial_learning_rate": rate,
            "factor": 0.2,
            "boundaries_steps": [steps // 2, 3 * steps // 4],
        },
        "cosine": cosine,
        "restarts": {
            "name": "CosineDecayRestarts",
            "initial_learning_rate": rate,
            "first_decay_steps": max(1, steps // 3),
            "t_mul": 1.0,
        },
        "cyclic": {
            "name": "Cyclic",
            "base_learning_rate": rate / 6,
            "max_learning_rate": rate,
            "half_cycle_steps": max(1, steps // 6),
        },
        "one_cycle": {"name": "OneCycle", "peak_learning_rate": 1.5 * rate, "total_steps": steps},
        "warmup": {"name": "Warmup", "schedule": cosine, "warmup_steps": max(1, steps // 8)},
    }
    return schedules.get(name, rate)


def _sized(facts: Facts, rng: random.Random) -> Facts:
    """Returns wider or narrower hidden layers."""
    factor = rng.choice((0.75, 1, 1, 2))
    return with_layers(
        facts,
        lambda layer: {
            name: max(8, int(factor * value)) if name in ("units", "filters") else value
            for name, value in layer.items()
        },
    )


def _regularized(facts: Facts, rng: random.Random) -> Facts:
    """Returns one of many regularizers, or none."""
    choice = rng.choice(("none", "none", "l2", "dropout", "normalization", "smoothing", "noise"))
    if choice == "l2":
        return with_weights(facts, l2=1e-4)
    if choice == "dropout":
        drop = {"type": "Dropout", "rate": rng.choice((0.1, 0.2, 0.3))}
        return facts | {"layers": [*facts["layers"][:-1], drop, facts["layers"][-1]]}
    if choice == "normalization":
        norm = {"type": "BatchNormalization", "momentum": 0.9}
        return with_layers(facts, lambda layer: [layer, norm] if has_weights(layer) else layer)
    if choice == "smoothing" and facts["task"] == "binary":
        return facts | {"loss": {"name": facts["loss"], "label_smoothing": 0.05}}
    if choice == "noise":
        return facts | {"layers": [{"type": "GaussianNoise", "stddev": 0.05}, *facts["layers"]]}
    return facts


def _from_logits(facts: Facts) -> Facts:
    if facts["task"] == "regression":
        return facts
    loss = facts["loss"] if isinstance(facts["loss"], dict) else {"name": facts["loss"]}
    return with_output(facts, activation="linear") | {"loss": loss | {"from_logits": True}}


def varied(base: Facts, seed: int) -> tuple[Facts, str]:
    """Returns a training that should go well, and what it is in a word or two."""
    rng = random.Random(seed)
    facts = _regularized(_sized(base, rng), rng)
    optimizer, schedule = rng.choice(list(OPTIMIZERS)), rng.choice(SCHEDULES)
    batch = rng.choice((16, 32, 32, 64))
    epochs = int(base["epochs"] * rng.choice((1, 1.5, 2)))
    steps = epochs * -(-base["data"]["samples"] // batch)
    options = {"name": optimizer} | OPTIMIZERS[optimizer]
    # The linear rule for small changes of the batch, and a square root for adaptive rates.
    power = 1.0 if options["name"] in ("SGD", "Momentum") else 0.5
    rate = options["learning_rate"] * (batch / 32) ** power * rng.choice((0.7, 1, 1.4))
    options["learning_rate"] = _scheduled(schedule, rate, steps)
    wrapped = rng.random() < 0.2
    if wrapped:
        options = {"name": rng.choice(WRAPPERS), "optimizer": options}
    if "clipnorm" in options:
        options["name"] = "SGD"
    facts = facts | {"optimizer": options, "batch_size": batch, "epochs": epochs}
    if schedule == "plateau" and not wrapped:
        facts["plateau_patience"] = 2
    if rng.random() < 0.25:
        facts |= {"early_stopping_patience": 4, "restore_best_weights": rng.random() < 0.7}
    if rng.random() < 0.15:
        facts = _from_logits(facts)
    return facts, f"{optimizer}-{schedule}"


def healthy_runs(is_scored: bool) -> Iterator[Run]:
    """Yields trainings that should go well, of the part that is scored or of the other."""
    for number in range(SCORED if is_scored else TUNING):
        for place, ((data, model), base) in enumerate(BASES.items()):
            if not is_scored and data not in TUNING_DATA:
                continue
            seed = 1000 * place + number + (0 if is_scored else 500)
            facts, word = varied(base, seed)
            name = f"{word}/{data}/{model}/{seed}"
            yield Run(name, facts, seed, group=f"{data}/{model}")
