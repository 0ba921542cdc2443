"""How outputs, losses and metrics fit together."""

from kerasrecipes.diagnostics.rules.rule import Rule

RULES: tuple[Rule, ...] = ()
