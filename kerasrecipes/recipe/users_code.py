"""Users' own code in a recipe: the modules that it names, and their import."""

import dataclasses
from collections.abc import Iterator, Mapping

from kerasrecipes.recipe.qualified_names import imported, is_users_own, modules_of, refused
from kerasrecipes.recipe.recipe import Recipe
from kerasrecipes.recipe.spec import Spec


def own_modules(recipe: Recipe) -> list[str]:
    """Returns the users' own modules that a recipe names, and those that it starts from.

    To read a recipe imports none of them; see `with_imports`.
    """
    start = recipe.start_recipe()
    return sorted({*modules_of(_names(recipe)), *(own_modules(start) if start else ())})


def not_allowed(recipe: Recipe) -> list[str]:
    """Returns the users' own modules that a recipe names and that nobody has allowed to run."""
    return refused(own_modules(recipe))


def with_imports(recipe: Recipe) -> Recipe:
    """Returns a recipe, wholly checked, once the users' own modules that it names are imported.

    Before that, it is not known which options a user's own component takes, nor which of them are
    local paths that its fingerprint leaves out.

    Raises:
        ValueError: If there is no such module or component, its options do not fit, or nobody has
            allowed to run the module.
    """
    names = [name for name in _names(recipe) if is_users_own(name)]
    for name in names:
        imported(name)
    return Recipe.from_dict(recipe.to_dict()) if names else recipe


def _names(recipe: Recipe) -> Iterator[str]:
    for field in dataclasses.fields(recipe):
        if "family" in field.metadata:
            yield from _named(getattr(recipe, field.name))


def _named(value: object) -> Iterator[str]:
    """Yields the names of all components in an option's value."""
    if isinstance(value, Spec):
        yield value.name
        yield from _named(value.options)
    elif isinstance(value, Mapping):
        for inner in value.values():
            yield from _named(inner)
    elif isinstance(value, list | tuple):
        for inner in value:
            yield from _named(inner)
