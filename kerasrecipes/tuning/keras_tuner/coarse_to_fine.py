"""Coarse-to-fine search as a keras-tuner tuner."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

import keras_tuner

from kerasrecipes.base.checks import check_integer
from kerasrecipes.tuning.constraints import Constraint, constraints_of
from kerasrecipes.tuning.keras_tuner.distributed import role
from kerasrecipes.tuning.keras_tuner.oracle import CoarseToFineOracle
from kerasrecipes.tuning.keras_tuner.rung_tuner import RungTuner
from kerasrecipes.tuning.keras_tuner.trial_files import copy_small_files
from kerasrecipes.tuning.rungs import Rung, rungs_of
from kerasrecipes.tuning.warm.adoption import Adoption, adopted
from kerasrecipes.tuning.warm.checks import check_room, check_stops
from kerasrecipes.tuning.warm.tuner_values import given_values, kept_values


class CoarseToFine(RungTuner):
    """Searches hyperparameters coarsely with short trials, then ever more finely with longer ones.

    It is used like `keras_tuner.RandomSearch` and keras-tuner's other tuners, with the same
    hypermodel and the same `search`.

    The search runs in rungs. The first rung spreads six tenths of its trials over the whole space,
    and chooses the remaining ones by a Gaussian process that is fitted to their scores. Each
    further rung

    - promotes the best trials of the rung before: they continue from their weights;
    - narrows the ranges to a region around the best quarter of the trials, drops categorical
      options that are significantly worse, and records where the best trials lie at a bound of
      their range (`at_bounds`);
    - chooses new trials in that region by Gaussian processes over all lengths of trials, except for
      a share of trials that explores the whole space.

    A trial that raises an error, runs out of memory or diverges is recorded with its cause. A trial
    that is worse than the median of the others stops early. A search that was killed, at any
    moment, continues when the same program is run again. With more `max_trials`, more trials in its
    rungs, or longer rungs after them, a search goes on from its trials.

    Args:
        hypermodel: As in keras-tuner: `build(hp)`, or a `HyperModel`.
        objective: As in keras-tuner, such as `"val_accuracy"`, but a single one. A metric of
            Keras's tells by its name whether it is to be maximized, which keras-tuner knows of few.
        max_trials: Positive integer, or `None` if `rungs` are given. The search costs as much as so
            many trials of the `epochs` that `search` is given. Two thirds of this budget go to
            trials of that length, one third to trials of a third of it.
        rungs: `"20x2,8x8,3x30"` (trials x epochs), pairs, or `Rung`s; instead of `max_trials` and
            `epochs`.
        seed: Non-negative integer, or `None` for any. A resumed search keeps its seed.
        promoted_fraction: Float in `[0, 1]`. The share of a rung's trials that are promoted from
            the rung before.
        exploration: Float in `[0, 1]`. The share of a rung's other trials that are drawn from the
            whole space.
        model: Whether Gaussian processes choose the new trials. If `False`, they are spread over
            the region.
        widen: Names of float hyperparameters whose ranges the search may leave, by a quarter of
            their width, if the best trials lie at that bound.
        continue_training: Whether promoted trials continue from their weights. Set it to `False` if
            a learning-rate schedule spans the whole run: promoted trials are then trained from
            scratch.
        median_rule: Whether trials that are clearly worse than the others stop early.
        epoch: The epochs that a trial is scored by: `"late"` for the mean over the last ninth of
            its epochs, `"last"` or `"best"`. The best of many noisy epochs overestimates a network,
            and favours networks whose scores are unsteady.
        patience: Positive integer, or `None`. A rung ends after so many trials in a row without an
            improvement beyond noise, which is estimated by a model of its scores.
        target: Number, or `None`. The search ends once a trial has this objective.
        minutes: Positive number, or `None`. The time of the whole search, over all times that its
            program is run. Its rungs get as many trials, in the same proportions, as fit by what
            trials have cost so far. It ends within a trial of that time; a first trial that takes
            longer ends with its epoch. Which trials there are depends on the machine then.
        constraints: What each trial must keep to, such as `["parameters < 1e6",
            "seconds_per_step < 0.01"]`, or a bound on what is logged, `"val_loss < 0.5"`. A trial
            beyond a bound ends as soon as it is known, and counts as failed.
        enqueue: Dictionaries of values that are tried first, by the names of hyperparameters. What
            one leaves out has its default: `[{}]` tries the model as the build function writes it.
        from_project: The folder of another search by `CoarseToFine`. Those of its trials that this
            one might make count as observations, and cost this search nothing; see `adopted`.
        hyperparameters: As in keras-tuner.
        tune_new_entries: As in keras-tuner.
        allow_new_entries: As in keras-tuner.
        max_retries_per_trial: Non-negative integer. How often a trial that raised an error is tried
            again.
        max_consecutive_failed_trials: Positive integer, or `None`. The search ends with an error
            after so many failed trials in a row. Unlike in keras-tuner, it does not by default.
        **kwargs: As in `keras_tuner.Tuner`: `directory`, `project_name`, `overwrite`, ...

    Raises:
        ValueError: If an argument is out of range, or the folder holds another search.

    Example:

    ```python
    tuner = CoarseToFine(build_model, objective="val_accuracy", max_trials=20)
    tuner.search(images, labels, epochs=27, validation_data=validation)
    tuner.get_best_hyperparameters()[0].values
    ```
    """

    def __init__(
        self,
        hypermodel=None,
        objective=None,
        max_trials: int | None = None,
        rungs: str | Iterable[Rung | tuple[int, int]] | None = None,
        *,
        seed: int | None = 0,
        promoted_fraction: float = 0.2,
        exploration: float = 0.1,
        model: bool = True,
        widen: Sequence[str] = (),
        continue_training: bool = True,
        median_rule: bool = True,
        epoch: str = "late",
        patience: int | None = None,
        target: float | None = None,
        minutes: float | None = None,
        constraints: str | Iterable[str | Constraint] = (),
        enqueue: Iterable[Mapping[str, Any]] = (),
        from_project: str | Path | None = None,
        hyperparameters=None,
        tune_new_entries: bool = True,
        allow_new_entries: bool = True,
        max_retries_per_trial: int = 0,
        max_consecutive_failed_trials: int | None = None,
        **kwargs,
    ):
        if (max_trials is None) == (rungs is None):
            raise ValueError(
                "Give either `max_trials` or `rungs`, such as rungs='20x2,8x8,3x30'. Received: "
                f"max_trials={max_trials!r}, rungs={rungs!r}"
            )
        if max_trials is not None:
            check_integer("max_trials", max_trials, at_least=1)
        if seed is not None:
            check_integer("seed", seed, at_least=0)
        check_integer("max_retries_per_trial", max_retries_per_trial, at_least=0)
        if max_consecutive_failed_trials is not None:
            check_integer(
                "max_consecutive_failed_trials", max_consecutive_failed_trials, at_least=1
            )
        if isinstance(objective, list | tuple):
            raise ValueError(
                "`objective` must be a single objective: give others as `constraints`, such as "
                f"'parameters < 1e6'. Received: objective={objective!r}"
            )
        check_stops(patience, target, minutes)
        oracle = CoarseToFineOracle(
            objective,
            None if rungs is None else rungs_of(rungs),
            seed=seed,
            continues=continue_training,
            promoted_fraction=promoted_fraction,
            exploration=exploration,
            model=model,
            widen=widen,
            median_rule=median_rule,
            epoch=epoch,
            patience=patience,
            target=target,
            minutes=minutes,
            hyperparameters=hyperparameters,
            tune_new_entries=tune_new_entries,
            allow_new_entries=allow_new_entries,
            max_retries_per_trial=max_retries_per_trial,
            max_consecutive_failed_trials=max_consecutive_failed_trials,
        )
        super().__init__(oracle, hypermodel, max_trials, constraints_of(constraints), **kwargs)
        self._check_space()
        # What a search starts from is for its chief, who chooses the trials.
        self.earlier = None if from_project is None or role() == "worker" else Path(from_project)
        if role() != "worker":
            space = self.chief_oracle.get_space()
            self.chief_oracle.enqueue([given_values(space, each) for each in enqueue])

    @property
    def at_bounds(self) -> dict[str, str]:
        """The hyperparameters whose best values lie at a bound, each with `"low"` or `"high"`."""
        rungs = self.chief_oracle.rungs or ()
        return self.chief_oracle.region(len(rungs)).at_bounds if rungs else {}

    def assign_rungs(self, epochs: int | None) -> None:
        super().assign_rungs(epochs)
        oracle = self.chief_oracle
        check_room(oracle.enqueued, oracle.rungs)
        if self.earlier is not None and not oracle.trials:
            self.adopt(self.earlier, lambda values: kept_values(oracle.get_space(), values))

    def adopt(self, folder: Path, values_of: Callable[[Mapping], dict]) -> Adoption:
        """Takes those trials of another search that this one might make for trials of its own.

        Args:
            folder: The folder of the other search.
            values_of: See `adopted`.

        Raises:
            ValueError: If the other search has another objective, or none of its trials counts.
        """
        oracle = self.chief_oracle
        found = adopted(folder, oracle.rungs, values_of, oracle.get_space(), oracle.objective)
        if found.ended and not found.trials:
            raise ValueError(f"There is nothing to start from: {found.text}")
        oracle.adopt(found.trials)
        for trial in found.trials:
            copy_small_files(folder, found.names[trial.trial_id], oracle.folder, trial.trial_id)
        self.on_adopted(found)
        return found

    def on_adopted(self, found: Adoption) -> None:
        """Tells of the trials of another search that count; a subclass may tell it elsewhere."""
        if self.chief_oracle.verbose:
            print(found.text)

    def _check_space(self) -> None:
        """Raises a `ValueError` if a range is not that of the search that is resumed."""
        if self.hypermodel is None or role() == "worker" or not self.chief_oracle.trials:
            return
        given = keras_tuner.HyperParameters()
        self.hypermodel.build(given)
        known = {(hp.name, str(hp.conditions)): hp for hp in self.chief_oracle.get_space().space}
        for hp in given.space:
            earlier = known.get((hp.name, str(hp.conditions)))
            if earlier is not None and earlier.get_config() != hp.get_config():
                raise ValueError(
                    f"The range of {hp.name!r} is not that of the search in {self.project_dir}. "
                    "Search in another folder (`project_name`), where `from_project` keeps the "
                    "trials that lie in the new range, or discard that search with "
                    f"`overwrite=True`. Expected: {earlier}. Received: {hp}"
                )
