"""Surfaces on which searches are replayed: a learning curve for each point of a space."""

import functools
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from search_curves import read_table

from search_replay.space import DIMENSIONS, OPTIONS, RULES, point_of, values_at
from search_replay.trainer import EPOCHS

# The best point of a surface is the best of so many random points, after three refinements by so
# many steps from it.
SEARCHED, REFINED = 20_000, 2_000


class Surface:
    """A task: the scores that a trial with given hyperparameters would have.

    A search sees `curve`, a noisy validation score after every epoch. It is judged by `test`, the
    expected final score without noise.
    """

    name = "surface"
    table = "digits"

    def declare(self, hp) -> dict[str, Any]:
        """Declares the space on keras-tuner's hyperparameters, and returns a trial's values."""
        options = OPTIONS[self.table]
        return {
            "optimizer": hp.Choice("optimizer", list(RULES)),
            "learning_rate": hp.Float("learning_rate", 1e-4, 1.0, sampling="log"),
            "momentum": hp.Float("momentum", 0.0, 0.99),
            "weight_decay": hp.Float("weight_decay", 1e-5, 1.0, sampling="log"),
            "final_fraction": hp.Float("final_fraction", 1e-3, 1.0, sampling="log"),
            options.name: hp.Choice(options.name, list(options.values)),
            "batch_size": hp.Choice("batch_size", list(options.batch_sizes)),
        }

    def suggest(self, trial) -> dict[str, Any]:
        """Declares the space on an Optuna trial, and returns the trial's values."""
        options = OPTIONS[self.table]
        return {
            "optimizer": trial.suggest_categorical("optimizer", RULES),
            "learning_rate": trial.suggest_float("learning_rate", 1e-4, 1.0, log=True),
            "momentum": trial.suggest_float("momentum", 0.0, 0.99),
            "weight_decay": trial.suggest_float("weight_decay", 1e-5, 1.0, log=True),
            "final_fraction": trial.suggest_float("final_fraction", 1e-3, 1.0, log=True),
            options.name: trial.suggest_categorical(options.name, options.values),
            "batch_size": trial.suggest_categorical("batch_size", options.batch_sizes),
        }

    def smac_space(self, seed: int):
        """Declares the space as SMAC's `ConfigurationSpace`, whose draws are of the seed."""
        from ConfigSpace import Categorical, ConfigurationSpace, Float

        options = OPTIONS[self.table]
        space = ConfigurationSpace(seed=seed)
        space.add(
            Categorical("optimizer", RULES),
            Float("learning_rate", (1e-4, 1.0), log=True),
            Float("momentum", (0.0, 0.99)),
            Float("weight_decay", (1e-5, 1.0), log=True),
            Float("final_fraction", (1e-3, 1.0), log=True),
            Categorical(options.name, options.values),
            Categorical("batch_size", options.batch_sizes),
        )
        return space

    def curve(self, values: Mapping[str, Any], rng: np.random.Generator) -> np.ndarray:
        """Returns the validation score after every epoch of one training run."""
        raise NotImplementedError

    def test(self, points: np.ndarray) -> np.ndarray:
        """Returns the expected test score after the last epoch, for points of the unit cube."""
        raise NotImplementedError

    def point(self, values: Mapping[str, Any]) -> np.ndarray:
        """Returns the point of hyperparameters in the unit cube."""
        return point_of(self.table, dict(values))

    def regret(self, values: Mapping[str, Any]) -> float:
        """Returns how much lower the test score of a choice is than the best one."""
        return self.best - float(self.test(self.point(values)[None])[0])

    @functools.cached_property
    def best(self) -> float:
        """The best expected test score, found by random points and steps from the best of them."""
        rng = np.random.default_rng(0)
        points = rng.random((SEARCHED, DIMENSIONS))
        scores = self.test(points)
        point, best = points[scores.argmax()], scores.max()
        for size in (0.1, 0.03, 0.01):
            steps = point + size * rng.normal(size=(REFINED, DIMENSIONS))
            steps = np.clip(steps, 0, 1 - 1e-9)
            scores = self.test(steps)
            if scores.max() > best:
                point, best = steps[scores.argmax()], scores.max()
        return float(best)


@dataclass
class Recorded(Surface):
    """The learning curves of a table, interpolated between its points by a regression forest.

    The forest is fitted to whole curves, validation and test together, so that every prediction is
    a mean of measured curves. The noise of a run is drawn from the deviations of repeated points
    from their mean.

    Reference:
        Eggensperger et al., 2015, Efficient Benchmarking of Hyperparameter Optimizers via
        Surrogates, https://ojs.aaai.org/index.php/AAAI/article/view/9375.
    """

    table: str

    def __post_init__(self):
        from sklearn.ensemble import ExtraTreesRegressor

        self.name = self.table
        rows = read_table(self.table)
        points = np.stack([point_of(self.table, row) for row in rows])
        curves = np.stack([np.concatenate([row["validation"], row["test"]]) for row in rows])
        self.forest = ExtraTreesRegressor(
            100,
            min_samples_leaf=2,
            max_features=0.8,
            bootstrap=True,
            oob_score=True,
            random_state=0,
        ).fit(points, curves)
        final = 2 * EPOCHS - 1
        self.r2 = 1 - np.var(curves[:, final] - self.forest.oob_prediction_[:, final]) / np.var(
            curves[:, final]
        )
        self.noise = _residuals(points, curves[:, :EPOCHS])

    def curve(self, values, rng):
        mean = self.forest.predict(self.point(values)[None])[0, :EPOCHS]
        # Poor networks are noisier than good ones, so that noise is drawn from points of a similar
        # score.
        finals = np.array([final for final, _ in self.noise])
        near = np.argsort(np.abs(finals - mean[-1]))[: max(8, len(finals) // 4)]
        return np.clip(mean + self.noise[rng.choice(near)][1], 0.0, 1.0)

    def test(self, points):
        tidy = np.stack([point_of(self.table, values_at(self.table, point)) for point in points])
        return self.forest.predict(tidy)[:, -1]


class Synthetic(Surface):
    """A noisy surface with a known best point on a ridge between rate, momentum and batch size.

    Runs with a high learning rate learn faster, so that short trials favour it more than long ones.
    """

    name = "synthetic"
    best = 1.0
    run_noise, epoch_noise = 0.004, 0.003

    def test(self, points):
        tidy = np.stack([point_of(self.table, values_at(self.table, point)) for point in points])
        adam, rate, momentum, decay, fraction, filters, batch = tidy.T
        # The best choices lie in the middle of their cells: Adam at 0.75, 8 filters at 5/6, batches
        # of 32 at 1/6.
        ridge = (rate - 0.6) + 0.4 * (momentum - 0.8) - 0.3 * (batch - 1 / 6) + 0.2 * (adam - 0.75)
        distance = (
            (ridge / 0.2) ** 2
            + ((momentum - 0.8) / 0.6) ** 2
            + ((decay - 0.5) / 0.4) ** 2
            + ((fraction - 0.3) / 0.5) ** 2
            + ((filters - 5 / 6) / 0.6) ** 2
            + ((batch - 1 / 6) / 1.2) ** 2
            + ((adam - 0.75) / 1.5) ** 2
        )
        return 0.1 + 0.9 / (1 + 0.15 * distance)

    def curve(self, values, rng):
        point = self.point(values)
        final, epochs = self.test(point[None])[0], np.arange(1, EPOCHS + 1)
        speed = 0.12 * np.exp(point[1] - 0.6)
        shape = (1 - np.exp(-speed * epochs)) / (1 - np.exp(-speed * EPOCHS))
        noise = self.run_noise * rng.normal() + self.epoch_noise * rng.normal(size=EPOCHS)
        return 0.1 + (final - 0.1) * shape + noise


def _residuals(points: np.ndarray, curves: np.ndarray) -> list[tuple[float, np.ndarray]]:
    """Returns, for each run of a repeated point, the mean final score and the run's deviation."""
    rounded, group = np.unique(np.round(points, 3), axis=0, return_inverse=True)
    found = []
    for number in range(len(rounded)):
        members = curves[group.ravel() == number]
        if len(members) > 1:
            mean = members.mean(0)
            # The deviations from a mean of n runs are too small by this factor.
            factor = np.sqrt(len(members) / (len(members) - 1))
            found += [(mean[-1], factor * (member - mean)) for member in members]
    return found
