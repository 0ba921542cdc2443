"""Contestants of the benchmark that are no tuners of keras-tuner: Optuna's and SMAC's."""

import tempfile
import warnings
from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np

from search_replay.space import DIMENSIONS
from search_replay.surfaces import Surface
from search_replay.trainer import EPOCHS

# After each trial, the number of epochs trained so far and the values of the best trial.
Progress = Iterator[tuple[int, Mapping[str, Any]]]


def optuna_tpe(surface: Surface, budget_epochs: int, seed: int) -> Progress:
    """Tree-structured Parzen estimators; successive halving prunes trials."""
    import optuna

    yield from _optuna(
        surface,
        budget_epochs,
        seed,
        optuna.samplers.TPESampler(seed=seed),
        optuna.pruners.SuccessiveHalvingPruner(),
    )


def optuna_gp(surface: Surface, budget_epochs: int, seed: int) -> Progress:
    """Gaussian process over whole trials: it does not learn from trials that are pruned."""
    import optuna

    warnings.simplefilter("ignore", optuna.exceptions.ExperimentalWarning)
    sampler = optuna.samplers.GPSampler(seed=seed, n_startup_trials=DIMENSIONS)
    yield from _optuna(surface, budget_epochs, seed, sampler, optuna.pruners.NopPruner())


def smac(surface: Surface, budget_epochs: int, seed: int) -> Progress:
    """Random forest over trials of several lengths, by Hyperband; they are continued, not redone.

    It asks for a point at a longer length as if from scratch. Only the further epochs count here.
    """
    from smac import MultiFidelityFacade, Scenario
    from smac.runhistory import TrialValue

    rng, spent, curves = np.random.default_rng(seed), 0, {}
    trained: dict[Any, int] = {}
    with tempfile.TemporaryDirectory() as folder:
        scenario = Scenario(
            surface.smac_space(seed),
            output_directory=folder,
            deterministic=True,
            n_trials=10 * budget_epochs,
            min_budget=EPOCHS / 9,
            max_budget=EPOCHS,
            seed=seed,
        )
        optimizer = MultiFidelityFacade(
            scenario, _never_called, logging_level=False, overwrite=True
        )
        while spent < budget_epochs:
            trial = optimizer.ask()
            point, epochs = trial.config, round(trial.budget)
            if point not in curves:
                curves[point] = surface.curve(_plain(point), rng)
            spent += max(0, epochs - trained.get(point, 0))
            trained[point] = max(epochs, trained.get(point, 0))
            optimizer.tell(trial, TrialValue(cost=1 - float(curves[point][epochs - 1])))
            yield min(spent, budget_epochs), _plain(optimizer.intensifier.get_incumbent() or point)


def _optuna(surface: Surface, budget_epochs: int, seed: int, sampler, pruner) -> Progress:
    import optuna

    optuna.logging.set_verbosity(optuna.logging.ERROR)
    warnings.simplefilter("ignore", optuna.exceptions.ExperimentalWarning)
    rng, spent = np.random.default_rng(seed), 0
    study = optuna.create_study(direction="maximize", sampler=sampler, pruner=pruner)

    def objective(trial):
        nonlocal spent
        curve = surface.curve(surface.suggest(trial), rng)
        for epoch, score in enumerate(curve, start=1):
            spent += 1
            trial.report(float(score), epoch)
            if epoch < EPOCHS and trial.should_prune():
                raise optuna.TrialPruned
        return float(curve[-1])

    while spent < budget_epochs:
        study.optimize(objective, n_trials=1)
        done = [t for t in study.trials if t.state == optuna.trial.TrialState.COMPLETE]
        best = study.best_trial.params if done else study.trials[0].params
        yield min(spent, budget_epochs), best


def _plain(configuration) -> dict[str, Any]:
    """Returns the values of a configuration of SMAC's as Python's own."""
    return {
        name: value.item() if isinstance(value, np.generic) else value
        for name, value in dict(configuration).items()
    }


def _never_called(config, seed=0, budget=0.0):
    raise NotImplementedError("trials are asked for and told")
