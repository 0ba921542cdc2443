"""A coarse-to-fine search as a keras-tuner tuner."""

from collections.abc import Iterable, Sequence

import keras_tuner

from kerasrecipes.base.checks import check_integer
from kerasrecipes.tuning.keras_tuner.distributed import role
from kerasrecipes.tuning.keras_tuner.oracle import CoarseToFineOracle
from kerasrecipes.tuning.keras_tuner.rung_tuner import RungTuner
from kerasrecipes.tuning.rungs import Rung, rungs_of


class CoarseToFine(RungTuner):
    """Searches coarsely with short trials, then ever more finely with longer ones.

    A keras-tuner tuner: it takes the place of `keras_tuner.RandomSearch` and the others, with the
    same hypermodel and the same `search`.

    The first rung spreads six tenths of its trials over the whole space, and chooses the rest by a
    Gaussian process of what those scored. Each further rung

    - takes over the best of the rung before, which go on from their weights;
    - narrows the ranges to a region around the best quarter, drops categorical options that are
      clearly worse, and says where the best lie at a bound (`at_bounds`);
    - chooses new trials in the region by Gaussian processes of what was seen, from short trials to
      long ones, except for a share that explores the whole space.

    A trial that raises, runs out of memory or diverges is recorded with its cause; one that is
    worse than the median of the others is stopped. A search that is killed, at any moment, goes on
    when the same program is run again.

    Args:
        hypermodel: As in keras-tuner: `build(hp)`, or a `HyperModel`.
        objective: As in keras-tuner, such as `"val_accuracy"`. One, not several.
        max_trials: Positive integer. Without `rungs`: the search costs as much as so many trials
            of the `epochs` that `search` is given: two thirds of it for whole trials, one third for
            trials of a third of the length.
        rungs: `"20x2,8x8,3x30"` (trials x epochs), pairs, or `Rung`s; instead of `max_trials`
            and `epochs`.
        seed: Non-negative integer.
        promoted_fraction: Float in `[0, 1]`. How many of a rung's trials repeat the best before it.
        exploration: Float in `[0, 1]`. How many of the others are drawn from the whole space.
        model: Whether Gaussian processes choose the new trials; else they are spread in the region.
        widen: Names of float hyperparameters whose ranges may be left, by a quarter, where the best
            lie at a bound.
        continue_training: Whether the trials that a rung takes over go on from their weights;
            `False` trains them anew, as a learning-rate schedule over the whole run needs it.
        median_rule: Whether clearly worse trials are stopped.
        epoch: `"late"`, `"last"` or `"best"`: whether the mean over the last ninth of the epochs is
            a trial's score, the last epoch, or the best. The best of many noisy ones is more than
            the network is worth, and prefers networks that are unsteady.
        hyperparameters: As in keras-tuner.
        tune_new_entries: As in keras-tuner.
        allow_new_entries: As in keras-tuner.
        **kwargs: As in `keras_tuner.Tuner`: `directory`, `project_name`, `overwrite`, ...

    Raises:
        ValueError: If an argument is out of range, or the folder is of another search.

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
        seed: int = 0,
        promoted_fraction: float = 0.2,
        exploration: float = 0.1,
        model: bool = True,
        widen: Sequence[str] = (),
        continue_training: bool = True,
        median_rule: bool = True,
        epoch: str = "late",
        hyperparameters=None,
        tune_new_entries: bool = True,
        allow_new_entries: bool = True,
        **kwargs,
    ):
        if (max_trials is None) == (rungs is None):
            raise ValueError(
                "Give `max_trials` or `rungs`, such as rungs='20x2,8x8,3x30'. Received: "
                f"max_trials={max_trials!r}, rungs={rungs!r}"
            )
        if max_trials is not None:
            check_integer("max_trials", max_trials, at_least=1)
        check_integer("seed", seed, at_least=0)
        if isinstance(objective, list | tuple):
            raise ValueError(f"`objective` must be one, not several. Received: {objective!r}")
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
            hyperparameters=hyperparameters,
            tune_new_entries=tune_new_entries,
            allow_new_entries=allow_new_entries,
        )
        super().__init__(oracle, hypermodel, max_trials, **kwargs)
        self._check_space()

    @property
    def at_bounds(self) -> dict[str, str]:
        """The hyperparameters whose best values lie at an end of their ranges: "low" or "high"."""
        rungs = self.chief_oracle.rungs or ()
        return self.chief_oracle.region(len(rungs)).at_bounds if rungs else {}

    def _check_space(self) -> None:
        """Raises if the hyperparameters are not those of the search that was taken up."""
        if self.hypermodel is None or role() == "worker":
            return
        given = keras_tuner.HyperParameters()
        self.hypermodel.build(given)
        there = {(hp.name, str(hp.conditions)): hp for hp in self.chief_oracle.get_space().space}
        for hp in given.space:
            known = there.get((hp.name, str(hp.conditions)))
            fixed_before = self.chief_oracle.trials == {}
            if known is not None and not fixed_before and known.get_config() != hp.get_config():
                raise ValueError(
                    f"The range of {hp.name!r} is not that of the search in {self.project_dir}: "
                    "search in another folder (`project_name`), or anew with `overwrite=True`. "
                    f"There: {known}. Received: {hp}"
                )
