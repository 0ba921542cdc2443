"""A recipe as HTML for notebooks: its values by their paths."""

import contextlib

from markupsafe import Markup

from kerasrecipes.page.formats import plain
from kerasrecipes.page.notebook import folded, fragment, pairs

# What tells most of a recipe; the rest is folded up.
_FIRST = ("data", "augment", "model", "optimizer", "epochs", "batch_size", "seed")


def recipe_fragment(recipe) -> Markup:
    """Returns a `Recipe` as HTML: the values by their paths, all but the telling ones folded up."""
    title = "Recipe"
    with contextlib.suppress(ValueError):  # It starts from a recipe.json that is no longer there.
        title = f"Recipe {recipe.fingerprint}"
    values = {
        path: plain(value) for path, value in recipe.flatten().items() if path != "kerasrecipes"
    }
    first = {path: value for path, value in values.items() if path.split(".")[0] in _FIRST}
    rest = {path: value for path, value in values.items() if path not in first}
    return fragment(title, pairs(first), folded(f"{len(rest)} more", pairs(rest)))
