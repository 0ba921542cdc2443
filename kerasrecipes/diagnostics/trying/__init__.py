"""Short trainings that are undone."""

from kerasrecipes.diagnostics.trying.all_trials import tried as tried
