"""What logged curves show, of any training: nothing but its history is needed."""

from kerasrecipes.diagnostics.rules.curves import (
    at_chance,
    by_steps,
    jitter,
    not_finite,
    one_answer,
    penalties,
    progress,
    split_gaps,
)
from kerasrecipes.diagnostics.rules.questions import Rule

RULES: tuple[Rule, ...] = (
    *not_finite.RULES,
    *at_chance.RULES,
    *one_answer.RULES,
    *progress.RULES,
    *penalties.RULES,
    *split_gaps.RULES,
    *jitter.RULES,
    *by_steps.RULES,
)
