"""What a network's layers are: nonlinearities, initial weights, regularization."""

from kerasrecipes.diagnostics.rules.rule import Rule

RULES: tuple[Rule, ...] = ()
