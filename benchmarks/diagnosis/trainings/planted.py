"""Trainings with a fault that was planted in them."""

from collections.abc import Iterator

from diagnosis.trainings.bases import BASES
from diagnosis.trainings.plants import PLANTS
from diagnosis.trainings.runs import Run
from kerasrecipes.diagnostics.findings.catalogue import KINDS

# Rules are chosen on the first, and scored on the second, which no rule's author has seen.
TUNING_SEEDS, SCORED_SEEDS = range(10, 13), range(5)
TUNING_DATA = ("digits", "table", "regression")


def planted_runs(is_scored: bool) -> Iterator[Run]:
    """Yields the trainings with planted faults, of the part that is scored or of the other."""
    for seed in SCORED_SEEDS if is_scored else TUNING_SEEDS:
        for (data, model), base in BASES.items():
            if not is_scored and data not in TUNING_DATA:
                continue
            number = [name for place, name in BASES if place == data].index(model)
            for kind, plant in PLANTS.items():
                if base["task"] not in plant.tasks:
                    continue
                yield Run(
                    f"{kind}/{data}/{model}/{seed}",
                    plant.change(base, number),
                    seed,
                    tuple(name for name in (kind, *plant.also) if name in KINDS),
                    plant.plausible,
                    f"{data}/{model}",
                )
