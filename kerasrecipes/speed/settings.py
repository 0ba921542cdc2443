"""Settings that may make a training faster, and what each of them changes besides."""

import importlib.util
import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from kerasrecipes.engine.sharing import thread_variables
from kerasrecipes.page.formats import option
from kerasrecipes.recipe.recipe import Recipe
from kerasrecipes.speed.timed_steps import Facts

# What a setting changes besides the speed.
ROUNDING, RANDOM_NUMBERS, LEARNT = "rounding", "random numbers", "what is learnt"
# The fields that change what is learnt: they are written only if they are asked for by name.
LEARNT_FIELDS = ("precision", "batch_size")
_BACKENDS = ("tensorflow", "jax", "torch")
# So many steps at a time at most: more of them save nothing more, and delay a signal.
MOST_STEPS = 16


@dataclass(frozen=True)
class Setting:
    """A setting that may make a training faster.

    Args:
        name: A field of a recipe, or what else is set.
        value: What it is set to.
        effect: What it changes besides the speed.
        changes: The change of the recipe, by path.
        variables: The environment variables of a process with this setting.
        why_not: Why it cannot be tried; empty if it can.
    """

    name: str
    value: object = None
    effect: str = ""
    changes: Mapping[str, object] = field(default_factory=dict)
    variables: Mapping[str, str] = field(default_factory=dict)
    why_not: str = ""

    def __str__(self):
        return self.name if self.value is None else f"{self.name}={option(self.value)}"


AS_IT_IS = Setting("as it is")


def settings_to_try(recipe: Recipe, facts: Facts) -> Iterator[Setting]:
    """Yields settings that a recipe does not have, those that are quickly tried before others.

    Args:
        recipe: The recipe.
        facts: What it comes to on this machine.
    """
    yield _several_steps(recipe, facts)
    yield _precision(recipe)
    yield from _batch_sizes(recipe, facts)
    yield _compiled(facts)
    if facts.backend == "tensorflow":
        yield _onednn()
    yield _threads(facts)
    for backend in _BACKENDS:
        if backend != facts.backend:
            yield _backend(backend)
    yield Setting("layout", why_not="networks here take (height, width, channels)")


def joined(settings: list[Setting], facts: Facts) -> Setting:
    """Returns settings of a recipe as one, all of them together.

    Args:
        settings: At least one setting.
        facts: What the recipe comes to without them.
    """
    changes: dict[str, Any] = {}
    for each in settings:
        changes.update(each.changes)
    if {"batch_size", "steps_per_execution"} <= {*changes} and not facts.fixed_steps:
        steps = -(-facts.images // changes["batch_size"])
        changes["steps_per_execution"] = _divisor(steps, changes["steps_per_execution"])
    if len(settings) == 1:
        return settings[0]
    effect = LEARNT if any(each.effect == LEARNT for each in settings) else ROUNDING
    name = ", ".join(f"{path}={option(value)}" for path, value in changes.items())
    return Setting(name, effect=effect, changes=changes)


def _of_recipe(name: str, value: object, effect: str = ROUNDING) -> Setting:
    return Setting(name, value, effect, changes={name: value})


def _several_steps(recipe: Recipe, facts: Facts) -> Setting:
    name = "steps_per_execution"
    divisor = _divisor(facts.steps_per_epoch, MOST_STEPS)
    if facts.backend == "torch":
        return Setting(name, why_not="on PyTorch, each step is a call")
    if divisor == 1:
        why_not = f"no number from 2 to {MOST_STEPS} divides the {facts.steps_per_epoch:,} steps"
        return Setting(name, why_not=f"{why_not} of an epoch")
    return _of_recipe(name, 1 if recipe.steps_per_execution == divisor else divisor)


def _precision(recipe: Recipe) -> Setting:
    other = "mixed_bfloat16" if recipe.precision == "float32" else "float32"
    return _of_recipe("precision", other, LEARNT)


def _batch_sizes(recipe: Recipe, facts: Facts) -> Iterator[Setting]:
    for factor in (2, 4):
        size = factor * facts.batch_size
        if size <= facts.images:
            yield _of_recipe("batch_size", size, LEARNT)
        elif factor == 2:
            why_not = f"a batch of {facts.batch_size:,} has more than half of the training images"
            yield Setting("batch_size", why_not=why_not)


def _compiled(facts: Facts) -> Setting:
    if facts.backend == "jax" and facts.compiled:
        return Setting(
            "jit_compile", why_not="on JAX, steps are compiled, and slow if they are not"
        )
    return _of_recipe("jit_compile", not facts.compiled)


def _onednn() -> Setting:
    # TensorFlow uses oneDNN by itself only on processors with AVX-512 VNNI or later.
    name = "TF_ENABLE_ONEDNN_OPTS"
    value = "0" if os.environ.get(name) == "1" else "1"
    return Setting(name, value, ROUNDING, variables={name: value})


def _threads(facts: Facts) -> Setting:
    if facts.cores < 2:
        return Setting("threads", why_not="there is one core")
    half = facts.cores // 2
    return Setting("threads", half, ROUNDING, variables=thread_variables(half))


def _backend(backend: str) -> Setting:
    if importlib.util.find_spec(backend) is None:
        return Setting("KERAS_BACKEND", backend, why_not="it is not installed")
    variables = {"KERAS_BACKEND": backend}
    return Setting("KERAS_BACKEND", backend, RANDOM_NUMBERS, variables=variables)


def _divisor(steps: int, most: int) -> int:
    """Returns the largest number up to `most` that divides a number of steps."""
    return next(number for number in range(most, 0, -1) if steps % number == 0)
