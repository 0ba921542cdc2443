"""Results of short trainings that are undone."""

from kerasrecipes.diagnostics.rules.rule import Rule

RULES: tuple[Rule, ...] = ()
