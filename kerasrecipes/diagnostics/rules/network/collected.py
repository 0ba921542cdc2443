"""The layers of a network: activations, widths, first weights, dropout and penalties."""

from kerasrecipes.diagnostics.rules.network import layers, penalties, weights
from kerasrecipes.diagnostics.rules.questions import Rule

RULES: tuple[Rule, ...] = (*layers.RULES, *weights.RULES, *penalties.RULES)
