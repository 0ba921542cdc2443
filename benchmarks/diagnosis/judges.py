"""Who judges a recorded training: the doctor, and what it is compared with."""

from collections.abc import Callable, Sequence
from typing import NamedTuple

from diagnosis.linter import linted
from diagnosis.peers import autotrainer, sk_autod, trainproof, umlaut
from kerasrecipes.diagnostics.record.record import Record
from kerasrecipes.diagnostics.rules.judging import judged

# What a history alone does not tell.
BUT_HISTORY = ("model", "outputs", "optimizer", "data", "probes", "trials", "recipe")


class Verdict(NamedTuple):
    """What a judge says of a training.

    Args:
        ids: The kinds of all findings, the most important first.
        alarms: Those of them that are warnings or errors.
    """

    ids: tuple[str, ...]
    alarms: tuple[str, ...]


Judge = Callable[[Record], Verdict]


def doctor(record: Record) -> Verdict:
    """Returns the doctor's verdict."""
    diagnosis = judged(record)
    return Verdict(diagnosis.ids, tuple(dict.fromkeys(finding.id for finding in diagnosis.alarms)))


def doctor_of_history(record: Record) -> Verdict:
    """Returns the doctor's verdict on the history alone, as `diagnose` gives it."""
    return doctor(record.without(*BUT_HISTORY))


def _of_ids(judge: Callable[[Record], Sequence[str]]) -> Judge:
    def verdict(record: Record) -> Verdict:
        ids = tuple(dict.fromkeys(judge(record)))
        return Verdict(ids, ids)

    return verdict


def constant(ids: Sequence[str]) -> Judge:
    """Returns a judge that says the same of every training."""
    return _of_ids(lambda record: ids)


# By the names in the tables. All findings of the others are alarms: they have no notes.
OTHERS: dict[str, Judge] = {
    "linter of facts": _of_ids(linted),
    "AutoTrainer's thresholds": _of_ids(autotrainer),
    "UMLAUT's rules": _of_ids(umlaut),
    "sk-autod": _of_ids(sk_autod),
    "trainproof": _of_ids(trainproof),
}
