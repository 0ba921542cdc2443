"""The diagnosis of a run: what is watched while it trains, and what is kept of it."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from kerasrecipes.base.files import write_json
from kerasrecipes.data.split import ArraySplit, Split
from kerasrecipes.diagnostics.checking import checked
from kerasrecipes.diagnostics.doctor import Doctor
from kerasrecipes.diagnostics.facts.given import Given
from kerasrecipes.diagnostics.findings.diagnosis import Diagnosis, NotRun
from kerasrecipes.diagnostics.record.data_facts import Data
from kerasrecipes.diagnostics.record.record import Record
from kerasrecipes.diagnostics.record.series import Series
from kerasrecipes.diagnostics.rules.judging import judged
from kerasrecipes.recipe.correcting_classes import class_corrections
from kerasrecipes.training.building.build import BuiltRecipe
from kerasrecipes.training.features.feature_split import FeatureSplit

if TYPE_CHECKING:
    from kerasrecipes.training.run import Run

# So many samples of a split are looked at; of one whose images are decoded, fewer, which takes
# about as long as some batches.
LOOKED_AT, DECODED = 10_000, 256

# Columns of the history that are no quantity of the model.
_NOT_LOGGED = ("epoch", "seconds")


class RunDoctor(Doctor):
    """A `Doctor` that prints nothing: its run says by itself what was found.

    Args:
        built: The built recipe, with features as its data if it is trained on them.
    """

    def __init__(self, built: BuiltRecipe):
        super().__init__(data=given_of(built))
        self.built = built

    def conclude(self) -> None:
        """Leaves what was found to the run."""

    def record_of_run(
        self, rows: Sequence[Mapping[str, Any]], diverged: Mapping[str, int] | None
    ) -> Record:
        """Returns what was measured of a run, and what it has logged since its first epoch.

        Looks from before an interruption are lost.

        Args:
            rows: The epochs of the run.
            diverged: The epoch and step at which the loss was not finite, if it was not.
        """
        record, recipe = self.record, self.built.recipe
        steps = self.built.length.steps_per_epoch
        own = record.series or Series()
        finished = len(rows) - len(own)  # Before the last start.
        before = steps * finished
        series = replace(
            own,
            epochs=logged(rows, held_out=self.built.dataset.held_out),
            planned_epochs=recipe.epochs,
            steps=_shifted(own.steps, before),
        )
        if diverged:
            bad_step = steps * (diverged["epoch"] - 1) + diverged["step"]
            series = replace(series, stopped_by="divergence", bad_step=bad_step)
        elif len(rows) >= recipe.epochs:
            series = replace(series, stopped_by=None)
        looks = tuple(
            replace(probe, epoch=max(probe.epoch, finished), step=probe.step + before)
            for probe in record.probes
        )
        return replace(record, series=series, probes=looks, recipe=recipe.to_dict())


def given_of(built: BuiltRecipe) -> Given:
    """Returns the data that a built recipe trains on, evenly spaced samples of them.

    Validation images that are trained on by choice are left out: they validate nothing.
    """
    dataset = built.dataset
    x, y = _samples(dataset.train)
    validation = dataset.validation if dataset.held_out else None
    validation_x, validation_y = (None, None) if validation is None else _samples(validation)
    return Given(
        x=x,
        y=y,
        validation_x=validation_x,
        validation_y=validation_y,
        batch_size=built.batch_size,
        steps_per_epoch=built.length.steps_per_epoch,
        samples=len(dataset.train),
        validation_samples=0 if validation is None else len(validation),
        shuffled=True,
        source="arrays",
        class_weights=bool(class_corrections(built.recipe.to_dict())),
    )


def preflight(built: BuiltRecipe, *, seconds: float = 10.0, gradients: bool = False) -> Record:
    """Returns what can be measured before a training: facts, and short trainings that are undone.

    Args:
        built: The built recipe. Its model stays as it is.
        seconds: Positive float. The time for the trainings.
        gradients: Whether to compare gradients with differences of the loss.
    """
    measured = checked(
        built.model,
        given_of(built),
        epochs=built.recipe.epochs,
        seconds=seconds,
        gradients=gradients,
        seed=built.recipe.seed,
    )
    return replace(measured, recipe=built.recipe.to_dict())


def diagnosed(record: Record) -> Diagnosis:
    """Returns the diagnosis of a record. A rule that fails ends no run: it is named instead."""
    try:
        return judged(record)
    except Exception as error:
        return Diagnosis(not_run=(NotRun("Is anything wrong?", f"A rule failed: {error!r}"),))


def write_diagnosis(folder: Path, record: Record) -> None:
    """Writes what was measured of a run, record.json, and what that shows, findings.json."""
    record.save(folder / "record.json")
    write_json(folder / "findings.json", diagnosed(record).to_dict())


def record_of(run: "Run") -> Record:
    """Returns what is known of a run: what the doctor measured, or else what its log tells.

    Of a damaged log, the epochs up to the damage count.
    """
    if run.record is not None:
        return run.record
    recipe, sizes, rows = run.recipe, run.data.get("sizes", {}), run.readable_history
    samples = sizes.get("train")
    batch_size = recipe.batch_size if isinstance(recipe.batch_size, int) else samples
    steps = recipe.steps_per_epoch or (-(-samples // batch_size) if samples else None)
    curves = logged(rows, held_out=not run.validates_on_training_images)
    series = Series(curves, planned_epochs=recipe.epochs)
    if diverged := run.metrics.get("diverged"):
        bad_step = (steps or 0) * (diverged["epoch"] - 1) + diverged["step"]
        series = replace(series, stopped_by="divergence", bad_step=bad_step)
    elif len(rows) < recipe.epochs:
        series = replace(series, stopped_by="a callback" if run.finished else "interruption")
    why = "The run was trained without the doctor."
    parts = ("model", "outputs", "optimizer", "data.inputs", "probes", "trials")
    return Record(
        data=Data(
            "arrays",
            samples,
            batch_size,
            steps,
            shuffled=True,
            validation_samples=sizes.get("validation"),
            class_weights=bool(class_corrections(recipe.to_dict())),
        ),
        series=series if rows else None,
        recipe=recipe.to_dict(),
        missing=dict.fromkeys(parts, why),
    )


def logged(
    rows: Sequence[Mapping[str, Any]], *, held_out: bool = True
) -> dict[str, list[float | None]]:
    """Returns the columns of a history, with `None` for what is not finite or not there.

    Args:
        rows: A row for each epoch.
        held_out: Whether validation images are kept from training. Without, what is measured on
            them is left out: it validates nothing.
    """
    names = dict.fromkeys(name for row in rows for name in row if name not in _NOT_LOGGED)
    kept = [name for name in names if held_out or not name.startswith("val_")]
    return {name: [_finite(row.get(name)) for row in rows] for name in kept}


def _finite(value: float | None) -> float | None:
    return value if value is not None and np.isfinite(value) else None


def _shifted(steps: Mapping[str, list[float | None]], before: int) -> dict[str, list[float | None]]:
    """Returns values by step, where the first step is not the first of the run."""
    counted = [step if step is None else step + before for step in steps.get("step", [])]
    return {**steps, "step": counted} if counted else dict(steps)


def _samples(split: Split) -> tuple[np.ndarray, np.ndarray]:
    most = LOOKED_AT if isinstance(split, ArraySplit | FeatureSplit) else DECODED
    size = min(most, len(split))
    indices = np.linspace(0, len(split) - 1, size).round().astype(int)
    return split.read(indices), split.labels[indices]
