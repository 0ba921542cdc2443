"""Many independent trainings: one after the other, or several at a time on an engine."""
