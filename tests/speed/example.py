"""A small recipe, and what it comes to on a machine of two cores."""

from kerasrecipes.recipe.recipe import Recipe
from kerasrecipes.speed.timed_steps import Facts

RECIPE = Recipe(data="Digits", model="MLP", batch_size=64)
FACTS = Facts(
    images=1280, batch_size=64, steps_per_epoch=20, fixed_steps=False, compiled=False,
    caches=False, backend="tensorflow", cores=2,
)  # fmt: skip
