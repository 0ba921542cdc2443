"""Whether the doctor's remedies help: what it would change of a recipe is changed, and trained."""

import json
import math
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from diagnosis.recording import FOLDER, rounded
from diagnosis.scoring import Case
from diagnosis.trainings.runs import Run
from kerasrecipes.diagnostics.findings.finding import Finding
from kerasrecipes.diagnostics.rules.judging import judged

FILE = FOLDER / "remedies.json"
# What a recipe and the facts of a training have in common, under the same dotted paths.
OF_A_RECIPE = ("optimizer", "batch_size", "epochs")


class Remedy(NamedTuple):
    """A remedy that was tried.

    Args:
        name: The name of the training.
        kind: Of the finding.
        changes: What was changed.
        before: The validation loss at the end, as planted; `None` if it is not finite.
        after: The same with the changes.
    """

    name: str
    kind: str
    changes: dict[str, Any]
    before: float | None
    after: float | None

    @property
    def is_better(self) -> bool:
        """Whether the validation loss is lower."""
        return _finite(self.after) < _finite(self.before)


def findings_of(case: Case) -> Sequence[Finding]:
    """Returns the findings of a training, the first one first, as of a recipe."""
    recipe = {name: case.run.facts[name] for name in OF_A_RECIPE}
    return judged(replace(case.record, recipe=recipe)).findings


def advised(case: Case) -> Finding | None:
    """Returns the first finding that would change a recipe; `None` if that cannot be tried here."""
    first = next((finding for finding in findings_of(case) if finding.changes), None)
    # These trainings are scored by the plain loss, which uneven classes are not judged by.
    return None if first is None or first.id == "class_imbalance" else first


def changed(run: Run, changes: Mapping[str, Any]) -> Run:
    """Returns a training with changed facts, by their dotted paths."""
    facts = json.loads(json.dumps(run.facts))
    for path, value in changes.items():
        *parents, name = path.split(".")
        place = facts
        for parent in parents:
            place = place[parent]
        place[name] = value
    return replace(run, facts=facts)


def tried(cases: Iterable[Case]) -> Iterator[Remedy]:
    """Trains again what the doctor would change, and yields what came of it."""
    for case in cases:
        if (finding := advised(case)) is None:
            continue
        model, arguments = changed(case.run, finding.changes).built()
        after = model.fit(**arguments).history["val_loss"][-1]
        before = case.record.series.epochs["val_loss"][-1] if case.record.series else None
        after = after if math.isfinite(after) else None
        yield Remedy(case.run.name, finding.id, finding.changes, before, rounded(after))


def is_of_first(remedy: Remedy, case: Case) -> bool:
    """Returns whether a remedy is that of the first finding, with no other one above it."""
    return findings_of(case)[0].changes == remedy.changes


def try_all(cases: Iterable[Case], path: Path = FILE) -> None:
    """Tries remedies and writes what came of each; those that were written are not tried again."""
    remedies = read(path)
    known = {remedy.name for remedy in remedies}
    for remedy in tried(case for case in cases if case.run.name not in known):
        remedies.append(remedy)
        write(remedies, path)
        print(f"{remedy.name}: {remedy.before} before, {remedy.after} after", flush=True)


def write(remedies: Iterable[Remedy], path: Path = FILE) -> None:
    """Writes what came of remedies."""
    rows = [json.dumps(remedy._asdict()) for remedy in remedies]
    path.write_text("[\n" + ",\n".join(rows) + "\n]\n", "utf-8")


def read(path: Path = FILE) -> list[Remedy]:
    """Returns what came of remedies."""
    return [Remedy(**row) for row in json.loads(path.read_text("utf-8"))] if path.exists() else []


def worse_beyond_noise(remedies: Iterable[Remedy], cases: Iterable[Case]) -> list[bool]:
    """Returns whether a remedy made it worse by more than twice the spread over seeds."""
    losses: dict[str, list[float]] = defaultdict(list)
    for case in cases:
        loss = case.record.series.epochs.get("val_loss", [None])[-1] if case.record.series else None
        losses[case.run.name.rpartition("/")[0]].append(_finite(loss))
    found = []
    for remedy in remedies:
        seeds = [loss for loss in losses[remedy.name.rpartition("/")[0]] if math.isfinite(loss)]
        noise = float(np.std(seeds, ddof=1)) if len(seeds) > 1 else 0.0
        found.append(_finite(remedy.after) > _finite(remedy.before) + 2 * noise)
    return found


def _finite(loss: float | None) -> float:
    return math.inf if loss is None else loss
