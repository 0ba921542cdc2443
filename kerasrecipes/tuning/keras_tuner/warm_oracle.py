"""Oracle that starts warm: from values to try first, and from the trials of another search."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from keras_tuner.engine.trial import Trial

from kerasrecipes.tuning.keras_tuner.resumable_oracle import ResumableOracle
from kerasrecipes.tuning.keras_tuner.trial_values import ADOPTED, ENQUEUED


class WarmOracle(ResumableOracle):
    """A resumable oracle that knows something before its first trial.

    Args:
        **kwargs: As in `ResumableOracle`.
    """

    def __init__(self, **kwargs):
        super().__init__(**kwargs)
        self.enqueued: tuple[Mapping[str, Any], ...] = ()
        # The names of the quantities that the search constrains.
        self.quantities: tuple[str, ...] = ()

    def enqueue(self, values: Iterable[Mapping[str, Any]]) -> None:
        """Sets the values of the first trials, each by the names of hyperparameters.

        Raises:
            ValueError: If the search that is resumed has others.
        """
        given: list[Mapping[str, Any]] = []
        for each in values:
            given += [dict(each)] if each not in given else []
        if self.trials:
            self.check_same("values to try first", list(self.enqueued), given)
        self.enqueued = tuple(given)

    def next_enqueued(self) -> dict[str, Any] | None:
        """Returns the values of the next trial; `None` when all that were enqueued are tried."""
        tried = {
            trial.hyperparameters.values[ENQUEUED]
            for trial in self.trials.values()
            if ENQUEUED in trial.hyperparameters.values
        }
        waiting = (n for n in range(len(self.enqueued)) if n not in tried)
        number = next(waiting, None)
        return None if number is None else {**self.enqueued[number], ENQUEUED: number}

    def adopt(self, trials: Sequence[Trial]) -> None:
        """Takes trials of another search for ended ones of this, before its first own trial."""
        for trial in trials:
            self.trials[trial.trial_id] = trial
            self.start_order.append(trial.trial_id)
            self.end_order.append(trial.trial_id)
            self._save_trial(trial)
        # Only now does the search know of them: if it is killed before, it adopts them again.
        self.save()

    def get_state(self) -> dict[str, Any]:
        enqueued = {"enqueued": [dict(each) for each in self.enqueued]} if self.enqueued else {}
        return super().get_state() | enqueued

    def set_state(self, state: Mapping[str, Any]) -> None:
        super().set_state(state)
        self.enqueued = tuple(state.get("enqueued", ()))


def inherited(values: Mapping[str, Any]) -> dict[str, Any]:
    """Returns the values that a promoted trial takes from its parent."""
    return {name: value for name, value in values.items() if name not in (ADOPTED, ENQUEUED)}
