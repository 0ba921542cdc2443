"""Rules of the doctor: each a pure function of a record."""

from kerasrecipes.diagnostics.rules.judging import RULES, judged
from kerasrecipes.diagnostics.rules.questions import Rule, rule

__all__ = ["RULES", "Rule", "judged", "rule"]
