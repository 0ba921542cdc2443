"""Rules of short trainings that are undone."""

from kerasrecipes.diagnostics.rules.questions import Rule
from kerasrecipes.diagnostics.rules.trials.checked_gradients import gradients
from kerasrecipes.diagnostics.rules.trials.comparisons import controls, modes
from kerasrecipes.diagnostics.rules.trials.few_answers import answers, direction
from kerasrecipes.diagnostics.rules.trials.few_rates import learning_rate
from kerasrecipes.diagnostics.rules.trials.few_samples import memory
from kerasrecipes.diagnostics.rules.trials.first_loss import initial_loss, penalty

RULES: tuple[Rule, ...] = (
    initial_loss,
    penalty,
    direction,
    learning_rate,
    answers,
    memory,
    modes,
    controls,
    gradients,
)
