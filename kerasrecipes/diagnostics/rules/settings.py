"""Learning rate, batch size and epochs, against what the optimizer is used with."""

from kerasrecipes.diagnostics.rules.rule import Rule

RULES: tuple[Rule, ...] = ()
