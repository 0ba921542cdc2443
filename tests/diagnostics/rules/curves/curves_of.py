"""Curves of imagined trainings, and what the rules for curves say of them."""

import numpy as np

from kerasrecipes.diagnostics.record.record import Record
from kerasrecipes.diagnostics.record.series import Series
from kerasrecipes.diagnostics.rules.curves import collected as curves

EPOCHS = np.arange(30)


def decay(start, rest, epochs=EPOCHS, constant=6.0):
    """Returns a loss that decays from one level to another."""
    return rest + (start - rest) * np.exp(-np.asarray(epochs) / constant)


def noisy(values, deviation, seed=0):
    """Returns values with relative noise."""
    rng = np.random.default_rng(seed)
    return np.asarray(values) * np.exp(rng.normal(0, deviation, len(values)))


def found(epochs, **arguments):
    """Returns the findings of the rules for curves: the worst and most certain first."""
    plain = {
        name: [float(v) if np.isfinite(v) else None for v in values]
        for name, values in epochs.items()
    }
    record = Record(series=Series(plain, **arguments))
    return findings_of(record)


def findings_of(record):
    findings = [
        finding
        for rule in curves.RULES
        if rule.missing(record) is None
        for finding in rule.judge(record)
    ]
    return sorted(findings, key=lambda finding: finding.rank)


def alarms(epochs, **arguments):
    """Returns the kinds of alarms."""
    return [finding.id for finding in found(epochs, **arguments) if finding.is_alarm]
