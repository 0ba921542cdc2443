"""The diagnosis of a record, by all rules."""

from collections.abc import Collection
from dataclasses import replace

from kerasrecipes.diagnostics.findings.catalogue import KINDS
from kerasrecipes.diagnostics.findings.diagnosis import Diagnosis, NotRun
from kerasrecipes.diagnostics.findings.finding import Finding
from kerasrecipes.diagnostics.record.record import Record
from kerasrecipes.diagnostics.rules import (
    data,
    divergence,
    gradients,
    labels,
    layers,
    outputs,
    probes,
    scales,
    settings,
    tasks,
)
from kerasrecipes.diagnostics.rules.contradictions import without_contradicted
from kerasrecipes.diagnostics.rules.curves import collected as curves
from kerasrecipes.diagnostics.rules.network import collected as network
from kerasrecipes.diagnostics.rules.questions import Rule
from kerasrecipes.diagnostics.rules.remedies import recipe_changes
from kerasrecipes.diagnostics.rules.symptoms import without_symptoms
from kerasrecipes.diagnostics.rules.trials import collected as trials

MODULES = (
    outputs,
    tasks,
    labels,
    scales,
    data,
    network,
    settings,
    divergence,
    layers,
    gradients,
    probes,
    trials,
    curves,
)
RULES: tuple[Rule, ...] = tuple(rule for module in MODULES for rule in module.RULES)

# What a record lacks, in words, where it does not say why itself.
_WITHOUT = {
    "model": "There is no model.",
    "outputs": "There is no model with a loss.",
    "optimizer": "There is no compiled model.",
    "data": "The data are not known.",
    "series": "There is no history.",
    "probes": "The model was not looked at.",
    "looks": "The model was not looked at.",
    "trend": "The model was not looked at before and after some steps.",
    "trials": "No steps were tried: `check` does that.",
}


def judged(record: Record, ignore: Collection[str] = ()) -> Diagnosis:
    """Returns the diagnosis of a record.

    Args:
        record: What was measured.
        ignore: Kinds of findings that are left out; see `KINDS`.

    Raises:
        ValueError: If a kind is not known.
    """
    if unknown := set(ignore) - set(KINDS):
        raise ValueError(
            f"`ignore` must name kinds of findings: {', '.join(sorted(KINDS))}. "
            f"Received: {', '.join(sorted(unknown))}"
        )
    findings: list[Finding] = []
    passed, not_run = [], []
    for rule in RULES:
        if (part := rule.missing(record)) is not None:
            not_run.append(NotRun(rule.question, _reason(record, part)))
        elif found := list(rule.judge(record)):
            findings += found
        else:
            passed.append(rule.question)
    possible = without_contradicted(findings, record)
    shown = without_symptoms(finding for finding in _merged(possible) if finding.id not in ignore)
    treated = (_with_changes(finding, record) for finding in shown)
    return Diagnosis(tuple(treated), tuple(passed), tuple(not_run), tuple(sorted(ignore)))


def _reason(record: Record, part: str) -> str:
    """Returns why a part of a record is missing."""
    while part not in record.missing and "." in part:
        part = part.rpartition(".")[0]
    return record.missing.get(part) or _WITHOUT.get(part.partition(".")[0], "It was not measured.")


def _with_changes(finding: Finding, record: Record) -> Finding:
    """Returns a finding with its remedy as changes of the recipe, unless its rule gave them."""
    if finding.changes or not (changes := recipe_changes(finding.id, record)):
        return finding
    return replace(finding, changes=changes)


def _merged(findings: list[Finding]) -> list[Finding]:
    """Returns one finding of each kind and place: the first of the most severe and certain."""
    best: dict[tuple[str, str], Finding] = {}
    for finding in sorted(findings, key=lambda finding: finding.rank):
        best.setdefault((finding.id, finding.where), finding)
    return list(best.values())
