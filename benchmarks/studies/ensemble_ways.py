"""Ways to spend the epochs of one training: several models, averages of weights, views."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import keras
import numpy as np
from scipy.special import softmax

from kerasrecipes import Recipe, Run, train, use
from kerasrecipes.callbacks.model_state import assign, state_variables, to_arrays
from kerasrecipes.data import Dataset
from kerasrecipes.data.predicting import predict_split
from kerasrecipes.ensembles import soup
from kerasrecipes.training.batch_statistics import statistics_refresh
from kerasrecipes.training.building.build import BuiltRecipe, build_recipe

# Members of an ensemble, snapshots of a training, fine-tuned runs of a soup.
MEMBERS = 4
BATCH = 256
SPLITS = ("validation", "test")


@dataclass(frozen=True)
class Setting:
    """What is trained, for how long, and how.

    Args:
        recipe: A recipe with SGD, of the whole length.
        ema_momentum: Of the exponential average, per step.
        views: The kind of test-time augmentation.
        rates: The peak learning rates to choose from.
    """

    recipe: Recipe
    ema_momentum: float
    views: str
    rates: tuple[float, ...]


@dataclass(frozen=True, eq=False)
class Outcome:
    """The models of one way, each of which predicts with its own probabilities.

    Args:
        models: Their mean probabilities are the way's.
        passes: How often a network computes an image.
        run: A run that took part, for its data and environment.
        seconds: Of the training, all runs together.
    """

    models: Sequence[keras.Model]
    passes: int
    run: Run
    seconds: float


def cosine(peak: float, epochs: int | None = None) -> object:
    """Returns a cosine down to 0, over the whole run unless its length is given."""
    length = {} if epochs is None else {"decay_epochs": epochs}
    return use("CosineDecay", initial_learning_rate=peak, **length)


def restarts(peak: float, epochs: int) -> object:
    """Returns cosines of so many epochs each, one after another."""
    return use(
        "CosineDecayRestarts",
        initial_learning_rate=peak,
        first_decay_epochs=epochs,
        t_mul=1.0,
        m_mul=1.0,
    )


def single(setting: Setting, rate: float) -> Recipe:
    """Returns the recipe of the whole length, on a cosine."""
    return setting.recipe.replace({"optimizer.learning_rate": cosine(rate)})


def member(setting: Setting, rate: float) -> Recipe:
    """Returns the recipe of one member of the independent ensemble, and of a soup's start."""
    epochs = setting.recipe.epochs // MEMBERS
    return single(setting, rate).replace({"epochs": epochs})


def snapshot(setting: Setting, rate: float) -> Recipe:
    """Returns the recipe with a cosine for each snapshot."""
    schedule = restarts(rate, setting.recipe.epochs // MEMBERS)
    return setting.recipe.replace(
        {"optimizer.learning_rate": schedule, "callbacks": [use("Snapshots")]}
    )


def swa(setting: Setting, rate: float) -> Recipe:
    """Returns the recipe whose last quarter has a constant rate, a fifth of the peak."""
    epochs = setting.recipe.epochs
    first = use("CosineDecay", initial_learning_rate=rate, alpha=0.2)
    schedule = use("Chain", schedules=[first, 0.2 * rate], boundaries_epochs=[3 * epochs // 4])
    return setting.recipe.replace({"optimizer.learning_rate": schedule})


class EpochEnds(keras.callbacks.Callback):
    """Adds up the weights at the ends of epochs, from one on."""

    def __init__(self, first: int):
        super().__init__()
        self.first, self.count, self.sums = first, 0, []

    def on_epoch_end(self, epoch, logs=None):
        if epoch >= self.first:
            arrays = to_arrays(state_variables(self.model))
            self.count += 1
            self.sums = [
                array.astype("float64") + (self.sums[place] if self.sums else 0)
                for place, array in enumerate(arrays)
            ]


def outcomes(
    setting: Setting, rates: Mapping[str, float], seed: int, directory: Path
) -> dict[str, Callable[[], Outcome]]:
    """Returns a function for each way, by its name, that trains and returns its models.

    Args:
        setting: What is trained.
        rates: The peak learning rates of `single`, `member` and `snapshot`.
        seed: Of the runs; those of several have numbers made of it.
        directory: The folder that holds the run folders.
    """

    def trained(recipe: Recipe, own_seed: int = seed, **options) -> Run:
        return train(recipe.replace({"seed": own_seed}), directory=directory, verbose=0, **options)

    def of_run(run: Run) -> Outcome:
        return Outcome([run.load_model(compile=False)], 1, run, _seconds([run]))

    def independent() -> Outcome:
        recipe = member(setting, rates["member"])
        runs = [trained(recipe, MEMBERS * seed + place) for place in range(MEMBERS)]
        models = [run.load_model(compile=False) for run in runs]
        return Outcome(models, MEMBERS, runs[0], _seconds(runs))

    def snapshots() -> Outcome:
        run = trained(snapshot(setting, rates["snapshot"]))
        models = [each.load_model() for each in run.snapshots]
        return Outcome(models, len(models), run, _seconds([run]))

    def exponential() -> Outcome:
        averaged = {
            "optimizer.use_ema": True,
            "optimizer.ema_momentum": setting.ema_momentum,
            "averaging": True,
        }
        return of_run(trained(single(setting, rates["single"]).replace(averaged)))

    def tail() -> Outcome:
        ends = EpochEnds(3 * setting.recipe.epochs // 4)
        run = trained(swa(setting, rates["single"]), callbacks=[ends], overwrite=True)
        built = built_anew(run)
        assign(state_variables(built.model), [array / ends.count for array in ends.sums])
        return Outcome([with_statistics(built, built.model)], 1, run, _seconds([run]))

    def soup_of_fine_tuned() -> Outcome:
        half = setting.recipe.epochs // 2
        start = single(setting, rates["single"]).replace({"epochs": half, "seed": seed})
        tuned = single(setting, rates["single"] / 4).replace(
            {"start": start, "epochs": half // MEMBERS}
        )
        runs = [trained(tuned, MEMBERS * seed + place) for place in range(MEMBERS)]
        seconds = _seconds([*runs, trained(start)])
        return Outcome([with_statistics(built_anew(runs[0]), soup(runs))], 1, runs[0], seconds)

    return {
        "single": lambda: of_run(trained(single(setting, rates["single"]))),
        "independent ensemble": independent,
        "snapshots": snapshots,
        "EMA": exponential,
        "SWA": tail,
        "soup": soup_of_fine_tuned,
    }


def built_anew(run: Run) -> BuiltRecipe:
    """Returns the objects of a run's recipe, with initial weights."""
    return build_recipe(run.recipe, run.recipe.data.build("data").load())


def with_statistics(built: BuiltRecipe, model: keras.Model) -> keras.Model:
    """Returns a model after its batch normalization has seen the recipe's training images."""
    refresh = statistics_refresh(built)
    if refresh is not None:
        refresh(model)
    return model


def probabilities(model: keras.Model, dataset: Dataset) -> dict[str, np.ndarray]:
    """Returns a model's probabilities on validation and test."""
    return {
        split: softmax(
            predict_split(model, dataset.splits[split], BATCH).astype("float64"), axis=-1
        )
        for split in SPLITS
    }


def _seconds(runs: Iterable[Run]) -> float:
    return sum(run.environment["wall_seconds"] for run in runs)
