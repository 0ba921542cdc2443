"""The operations that an augmentation consists of, one by one, and others to compare with."""

from kerasrecipes.recipe.recipe import Recipe
from kerasrecipes.recipe.spec import Spec, use

# Layers whose options are strengths of operations, all of them off unless they are set.
_OF_OPERATIONS = ("RandomGeometry", "RandomPhotometry", "RandomNoise")

# Options of theirs that say how, not how much.
_SETTINGS = ("size", "interpolation", "fill_mode", "fill_value", "value_range", "seed")

_OF_COLOURS = ("saturation", "hue_degrees")


def own_operations(recipe: Recipe) -> dict[str, Spec]:
    """Returns the operations of a recipe's `augment`, by name: each layer, or each of its options.

    Example:

    >>> geometry = use("RandomGeometry", horizontal_flip=0.5, scale=1.2, fill_mode="reflect")
    >>> list(own_operations(Recipe(data="Digits", model="MLP", augment=[geometry])))
    ['horizontal_flip=0.5', 'scale=1.2']
    """
    found: dict[str, Spec] = {}
    for index, spec in enumerate(recipe.augment):
        if spec.name not in _OF_OPERATIONS:
            name = spec.name if spec.name not in found else f"{spec.name} ({index})"
            found[name] = spec
            continue
        settings = {name: v for name, v in spec.options.items() if name in _SETTINGS}
        for option, strength in spec.options.items():
            if option not in settings:
                found[_name(option, strength)] = use(spec.name, **settings, **{option: strength})
    return found


def usual_operations(channels: int) -> dict[str, Spec]:
    """Returns operations that are often used, at usual strengths, always on; by name.

    Args:
        channels: Of the images. One has no colours to change.
    """
    geometry = {
        "horizontal_flip": 1.0,
        "vertical_flip": 1.0,
        "rotation_degrees": [(-15, 15), (90, 90), (180, 180)],
        "horizontal_translation_fraction": (-0.1, 0.1),
        "vertical_translation_fraction": (-0.1, 0.1),
        "scale": 1.2,
        "horizontal_shear": (-0.2, 0.2),
        "perspective": (-0.2, 0.2),
    }
    photometry = {
        "brightness": 0.3,
        "contrast": 0.3,
        "saturation": 0.5,
        "hue_degrees": (-30, 30),
        "gamma": 1.5,
        "inversion": 1.0,
    }
    found: dict[str, Spec] = {}
    for layer, options in (("RandomGeometry", geometry), ("RandomPhotometry", photometry)):
        for option, strengths in options.items():
            if channels == 1 and option in _OF_COLOURS:
                continue
            for strength in strengths if isinstance(strengths, list) else [strengths]:
                found[_name(option, strength)] = use(layer, **{option: strength})
    found["gaussian=0.1"] = use("RandomNoise", gaussian=(0.1, 0.1))
    found["blur=1"] = use("RandomBlur", sigma_pixels=(1.0, 1.0))
    found["elastic=1"] = use("RandomElasticDistortion", displacement_pixels=(1.0, 1.0))
    return found


def _name(option: str, strength: object) -> str:
    if isinstance(strength, tuple | list):
        low, high = strength
        return f"{option}={low:g}" if low == high else f"{option}={low:g}..{high:g}"
    return f"{option}={strength:g}"
