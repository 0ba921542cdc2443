"""Trials of another search that count as observations: which, and why others do not."""

import json
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from keras_tuner.engine.trial import Trial

from kerasrecipes.tuning.keras_tuner.trial_values import (
    ADOPTED,
    ENQUEUED,
    EPOCHS,
    INITIAL_EPOCH,
    PARENT,
    RUNG,
)
from kerasrecipes.tuning.rungs import Rung
from kerasrecipes.tuning.warm.space_values import OutsideError


@dataclass
class Adoption:
    """The trials of another search, as those of this one.

    Args:
        source: The name of the other search.
        trials: The trials that count.
        reasons: Why others do not, each with their number.
        best: The name of the other search's best trial, and why it does not count; `None` if it
            does, or no trial has a score.
        ended: How many trials of the other search have ended.
        names: The names that its trials have in the other search, by those here.
    """

    source: str
    trials: list[Trial] = field(default_factory=list)
    reasons: Counter = field(default_factory=Counter)
    best: tuple[str, str] | None = None
    ended: int = 0
    names: dict[str, str] = field(default_factory=dict)

    @property
    def text(self) -> str:
        """A sentence on how many trials count, and why others do not."""
        text = f"{len(self.trials)} of {self.ended} trials of {self.source} count here"
        if self.reasons:
            told = "; ".join(f"{n} x {why}" for why, n in self.reasons.most_common(3))
            more = f" and {len(self.reasons) - 3} more reasons" if len(self.reasons) > 3 else ""
            text += f"; left out: {told}{more}"
        if self.best is not None:
            text += f". Its best trial, {self.best[0]}, is left out: {self.best[1]}"
        return text + "."


def adopted(
    folder: Path,
    rungs: Sequence[Rung],
    values_of: Callable[[Mapping[str, Any]], dict[str, Any]],
    hyperparameters: Any,
    objective: Any,
) -> Adoption:
    """Returns the trials of another search that this one might have made itself.

    A trial counts if its values lie in the space of this search, and a rung has its epochs. A
    trial that failed counts too: it need not fail again.

    Args:
        folder: The folder of the other search, which holds oracle.json.
        rungs: The rungs of this search.
        values_of: Function from the values of a trial there to those here. It raises an
            `OutsideError` if there are none.
        hyperparameters: The hyperparameters of this search.
        objective: The objective of both searches.

    Raises:
        ValueError: If the folder holds no search, or none with this objective.
    """
    found = Adoption(folder.name)
    names: dict[str, str] = {}
    lengths = {rung.epochs: number for number, rung in enumerate(rungs)}
    best: tuple[int, float] | None = None
    sign = -1.0 if objective.direction == "min" else 1.0
    for state in _ended(folder, objective.name):
        found.ended += 1
        theirs = state["hyperparameters"]["values"]
        name, epochs = state["trial_id"], theirs.get(EPOCHS)
        try:
            if epochs not in lengths:
                raise OutsideError(f"no rung has trials of {epochs} epochs")
            values, why = values_of(theirs), None
        except OutsideError as error:
            values, why = {}, str(error)
        score = state.get("score")
        if score is not None and (best is None or (epochs, sign * score) > best):
            best = epochs, sign * score
            found.best = None if why is None else (name, why)
        if why is not None:
            found.reasons[_kind(why)] += 1
            continue
        # keras-tuner numbers its trials so.
        names[name] = f"{len(found.trials):04d}"
        parent = names.get(theirs.get(PARENT, ""))
        if theirs[INITIAL_EPOCH] and parent is None:
            # Its epochs before those that it trained itself are not known here.
            del names[name]
            found.reasons["the shorter trial that it goes on from does not count"] += 1
            continue
        own = {
            EPOCHS: epochs,
            INITIAL_EPOCH: theirs[INITIAL_EPOCH],
            RUNG: lengths[epochs],
            ADOPTED: folder.name,
            **({PARENT: parent} if parent else {}),
        }
        found.names[names[name]] = name
        found.trials.append(_copied(state, names[name], {**values, **own}, hyperparameters))
    return found


def _copied(state: Mapping, name: str, values: Mapping[str, Any], hyperparameters: Any) -> Trial:
    """Returns a trial with the metrics of another search's, under a name and values of its own."""
    copied = hyperparameters.copy()
    copied.values = dict(values)
    return Trial.from_state({**state, "trial_id": name, "hyperparameters": copied.get_config()})


def _ended(folder: Path, objective: str) -> Iterator[dict[str, Any]]:
    """Yields the states of a search's trials, in the order in which they ended."""
    path = folder / "oracle.json"
    if not path.is_file():
        raise ValueError(
            "The search to start from must be the folder of a search, which holds an oracle.json. "
            f"Received: {folder}"
        )
    state = json.loads(path.read_text("utf-8"))
    if state.get("objective", objective) != objective:
        raise ValueError(
            f"The search to start from has another objective, {state['objective']}, so that its "
            f"scores are none here. Expected: {objective}. Received: {folder}"
        )
    if "rungs" not in state:
        raise ValueError(
            "The search to start from must be one of `CoarseToFine` or of `kerasrecipes search`: "
            f"keras-tuner's others do not say how long their trials were. Received: {folder}"
        )
    for name in state["end_order"]:
        trial = json.loads((folder / f"trial_{name}" / "trial.json").read_text("utf-8"))
        values = trial["hyperparameters"]["values"]
        trial["hyperparameters"]["values"] = {k: v for k, v in values.items() if k != ENQUEUED}
        yield trial


def _kind(why: str) -> str:
    """Returns a reason without its value, so that reasons can be counted."""
    path, equals, rest = why.partition("=")
    _, inside, space = rest.partition(" is not in ")
    if equals and inside:
        return f"{path} is not in {space}"
    _, outside, _ = rest.partition(" is outside of its range")
    return f"{path} is outside of its range" if equals and outside else why
