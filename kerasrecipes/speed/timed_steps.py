"""Training steps of a recipe as `fit` takes them, timed in the process that takes them."""

import functools
import gc
import json
import math
import os
import time
from typing import NamedTuple

import keras

from kerasrecipes.base.private.gradient_registry import hold_gradients_weakly
from kerasrecipes.data.batches import training_order
from kerasrecipes.data.dataset import Dataset
from kerasrecipes.recipe.recipe import Recipe
from kerasrecipes.recipe.spec import use
from kerasrecipes.recipe.users_code import with_imports
from kerasrecipes.training.building.build import build_recipe
from kerasrecipes.training.building.class_weighting import class_weights
from kerasrecipes.training.building.inputs import fit_inputs
from kerasrecipes.training.building.start import network_recipe, start_model
from kerasrecipes.training.features.cached_build import frozen_part


class Facts(NamedTuple):
    """What a recipe comes to on this machine.

    Args:
        images: The number of training images.
        batch_size: The number of images in a batch.
        steps_per_epoch: The number of steps in an epoch.
        fixed_steps: Whether the recipe says how many steps an epoch has.
        compiled: Whether Keras compiles its steps.
        caches: Whether its training computes what frozen layers give once for all epochs.
        backend: Keras's backend.
        cores: The number of cores of this process.
    """

    images: int
    batch_size: int
    steps_per_epoch: int
    fixed_steps: bool
    compiled: bool
    caches: bool
    backend: str
    cores: int


class Begun(NamedTuple):
    """The beginning of a recipe's steps.

    Args:
        facts: What the recipe comes to.
        seconds: The time to build and to compile it, and to take its first steps.
    """

    facts: Facts
    seconds: float


def begin(recipe: Recipe, directory: str, turn_seconds: float) -> Begun:
    """Builds and compiles a recipe in this process, unless that is done, and takes a few steps.

    Args:
        recipe: The recipe. If it starts from another one, that has been trained.
        directory: Where its runs are kept.
        turn_seconds: About how long `turn` is to take.
    """
    began = time.perf_counter()
    steps = _steps_of(recipe, directory, turn_seconds)
    return Begun(steps.facts, time.perf_counter() - began)


def turn(recipe: Recipe, directory: str, turn_seconds: float) -> float:
    """Returns how many images a second a recipe trains on; the arguments are those of `begin`."""
    steps = _steps_of(recipe, directory, turn_seconds)
    return steps.images_per_second(steps.calls)


def drop(recipe: Recipe) -> None:
    """Frees the memory that a recipe takes in this process."""
    _BEGUN.pop(recipe.fingerprint, None)
    gc.collect()


class TimedSteps:
    """Training steps of a recipe, with its own data, augmentation and training step.

    Args:
        recipe: The recipe.
        directory: Where its runs are kept.
        turn_seconds: The time for which `calls` calls of Keras last.
    """

    def __init__(self, recipe: Recipe, directory: str, turn_seconds: float):
        hold_gradients_weakly()
        recipe = with_imports(recipe)
        dataset = _loaded(json.dumps(recipe.data.to_dict()))
        start = start_model(network_recipe(recipe), dataset, directory, _is_missing)
        self.built = build_recipe(recipe, dataset, start)
        self.class_weight = class_weights(recipe, dataset)
        self.at_once = self.built.model.steps_per_execution
        self.order = training_order(
            dataset.train.labels, self.built.batch_size, recipe.seed, self.built.sampled
        )
        if self.built.step:
            self.built.step.put_on(self.built.model)
        rate = self.images_per_second(1)  # It compiles.
        self.calls = math.ceil(turn_seconds * rate / (self.built.batch_size * self.at_once))
        a_pass = math.ceil(self.order.steps / self.at_once)
        if self.calls >= a_pass - 1:
            # The last batch of a pass may be of another size, and is compiled too.
            self.images_per_second(a_pass)

    @property
    def facts(self) -> Facts:
        """What the recipe comes to."""
        built = self.built
        affinity = getattr(os, "sched_getaffinity", None)
        return Facts(
            images=len(built.dataset.train),
            batch_size=built.batch_size,
            steps_per_epoch=built.length.steps_per_epoch,
            fixed_steps=built.recipe.steps_per_epoch is not None,
            compiled=bool(built.model.jit_compile),
            caches=frozen_part(built) is not None,
            backend=keras.backend.backend(),
            cores=len(affinity(0)) if affinity else os.cpu_count() or 1,
        )

    def images_per_second(self, calls: int) -> float:
        """Trains for some calls of Keras, and returns how many images a second they took.

        The first call is not counted: with it, batches are read ahead, and what is new is compiled.
        """
        built = self.built
        steps = (1 + calls) * self.at_once
        # One more than are trained, because Keras reads a batch ahead.
        epochs = range(1 + math.ceil(steps / built.length.steps_per_epoch))
        clock = _Clock()
        built.model.fit(
            **fit_inputs(built, self.class_weight, epochs),
            steps_per_epoch=steps,
            callbacks=[clock],
            verbose=0,
        )
        images = sum(len(self.order.indices(step)) for step in range(self.at_once, steps))
        return images / max(clock.seconds, 1e-9)


_BEGUN: dict[str, TimedSteps] = {}


def _steps_of(recipe: Recipe, directory: str, turn_seconds: float) -> TimedSteps:
    """Returns the steps of a recipe, begun anew if this process is new."""
    key = recipe.fingerprint
    if key not in _BEGUN:
        _BEGUN[key] = TimedSteps(recipe, directory, turn_seconds)
    return _BEGUN[key]


@functools.lru_cache(maxsize=1)
def _loaded(data: str) -> Dataset:
    """Returns the loaded data of a source, which is given in its JSON form."""
    plain = json.loads(data)
    return use(plain.pop("use"), **plain).build("data").load()


class _Clock(keras.callbacks.Callback):
    """Times an epoch from the end of its first call on."""

    # As in a training, no step waits for the numbers of the one before.
    async_safe = True

    def __init__(self):
        super().__init__()
        self.began = 0.0
        self.seconds = 0.0

    def on_train_batch_end(self, batch, logs=None):
        if not self.began:
            float(logs["loss"])  # It waits for the call.
            self.began = time.perf_counter()

    def on_epoch_end(self, epoch, logs=None):
        float(logs["loss"])
        self.seconds = time.perf_counter() - self.began


def _is_missing(recipe: Recipe):
    raise ValueError(f"The recipe to start from must have been trained. Received: {recipe!r}")
