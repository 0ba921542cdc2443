"""What layers compute: saturation, dead units, gradients from last to first."""

from kerasrecipes.diagnostics.rules.rule import Rule

RULES: tuple[Rule, ...] = ()
