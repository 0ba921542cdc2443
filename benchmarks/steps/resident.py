"""Training of a recipe on JAX, an epoch as one program, with the images on the device."""

import time

import keras
import numpy as np

from kerasrecipes.base.text import listed
from kerasrecipes.data.augment import Augmentation
from kerasrecipes.data.batches import training_order
from kerasrecipes.training.building.build import BuiltRecipe


class ResidentTraining:
    """Trains a built recipe to the numbers of its `fit`, up to rounding, without the host.

    The images go to the device once, and what is drawn at each step, a few numbers an image, once
    an epoch. A step of the compiled program gathers its images, augments them, and does what
    Keras's own training step does.

    Args:
        built: A built recipe of JAX's whose batches are all of one size.

    Raises:
        ValueError: If the last batch of a pass is smaller, or the recipe has a `sampling`, a `step`
            or a `class_weight`.
    """

    def __init__(self, built: BuiltRecipe):
        import jax

        train, size, recipe = built.dataset.train, built.batch_size, built.recipe
        set_fields = [f for f in ("sampling", "step", "class_weight") if getattr(recipe, f)]
        if set_fields or len(train) % size:
            raise ValueError(
                f"The training images must be whole batches of {size}, drawn once each in a pass "
                "and weighted alike, for Keras's own step. Received: "
                f"{len(train):,} images, {listed(set_fields) or 'no such field'} in the recipe"
            )
        self.built = built
        self.order = training_order(train.labels, size, built.recipe.seed)
        self._augmentation = Augmentation(built.augment, len(built.dataset.class_names))
        everything = np.arange(len(train))
        self._images, self._labels = jax.device_put((train.read(everything), train.labels))
        self._train = jax.jit(self._steps, donate_argnums=0)
        self.compile_seconds = 0.0

    def run(self) -> float:
        """Trains all epochs; returns the seconds from the first step to the last, all of them.

        Compilation comes before the first step, and is counted by itself, as `compile_seconds`. The
        model has the trained weights afterwards, or the averages that its optimizer gives it.
        """
        import jax

        model, length = self.built.model, self.built.length
        model.optimizer.build(model.trainable_variables)
        state, first = self._state(), jax.device_put(self._draws(0))
        began = time.perf_counter()
        program = self._train.lower(state, self._images, self._labels, first).compile()
        self.compile_seconds = time.perf_counter() - began
        jax.block_until_ready(state)
        began = time.perf_counter()
        for epoch in range(length.epochs):
            draws = jax.device_put(self._draws(epoch)) if epoch else first
            state = program(state, self._images, self._labels, draws)
        jax.block_until_ready(state)
        seconds = time.perf_counter() - began
        for variables, values in zip(self._variables(), state, strict=True):
            for variable, value in zip(variables, values, strict=True):
                variable.assign(value)
        model.optimizer.finalize_variable_values(model.trainable_variables)
        return seconds

    def _draws(self, epoch: int) -> tuple[np.ndarray, np.ndarray]:
        """Returns the images of each step of an epoch, and the keys of their augmentation."""
        steps = self.built.length.steps_per_epoch
        numbers = range(epoch * steps, (epoch + 1) * steps)
        indices = [self.order.indices(step).astype("int32") for step in numbers]
        keys = [self.order.key(step) for step in numbers]
        if self._augmentation.takes_turns:
            turns = map(self.order.turns, numbers)
            keys = [np.concatenate(pair) for pair in zip(keys, turns, strict=True)]
        return np.stack(indices), np.stack(keys)

    def _steps(self, state, images, labels, draws):
        """Takes the steps of an epoch."""
        import jax

        def step(state, drawn):
            indices, key = drawn
            batch = self._augmentation(images[indices], labels[indices], key)
            return self.built.model.train_step(state, batch)[1], None

        return jax.lax.scan(step, state, draws)[0]

    def _variables(self) -> tuple[list[keras.Variable], ...]:
        model = self.built.model
        weights = model.trainable_variables, model.non_trainable_variables
        return *weights, model.optimizer.variables, model.metrics_variables

    def _state(self):
        """Returns copies of the variables' values: the program overwrites what it is given."""
        return tuple([v.value + 0 for v in variables] for variables in self._variables())
