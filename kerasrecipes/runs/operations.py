"""Single operations of an augmentation, and frequent operations to compare them with."""

from kerasrecipes.recipe.recipe import Recipe
from kerasrecipes.recipe.spec import Spec, use

# Layers whose options are magnitudes of operations, each of which is off by default.
_OF_OPERATIONS = ("RandomGeometry", "RandomPhotometry", "RandomNoise")

# Options of these layers that are no magnitudes.
_SETTINGS = ("size", "interpolation", "fill_mode", "fill_value", "value_range", "seed")

_OF_COLOURS = ("saturation", "hue_degrees")


def own_operations(recipe: Recipe) -> dict[str, Spec]:
    """Returns the operations of a recipe's `augment`, by name.

    A layer is one operation, or one for each of its options that are magnitudes of operations.

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
        for option, magnitude in spec.options.items():
            if option not in settings:
                found[_name(option, magnitude)] = use(spec.name, **settings, **{option: magnitude})
    return found


def usual_operations(channels: int) -> dict[str, Spec]:
    """Returns frequent operations by name, with usual magnitudes, applied to every image.

    Args:
        channels: The number of channels of the images. With one, colours are left out.
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
        for option, magnitudes in options.items():
            if channels == 1 and option in _OF_COLOURS:
                continue
            for magnitude in magnitudes if isinstance(magnitudes, list) else [magnitudes]:
                found[_name(option, magnitude)] = use(layer, **{option: magnitude})
    found["gaussian=0.1"] = use("RandomNoise", gaussian=(0.1, 0.1))
    found["blur=1"] = use("RandomBlur", sigma_pixels=(1.0, 1.0))
    found["elastic=1"] = use("RandomElasticDistortion", displacement_pixels=(1.0, 1.0))
    return found


def _name(option: str, magnitude: object) -> str:
    if isinstance(magnitude, tuple | list):
        low, high = magnitude
        return f"{option}={low:g}" if low == high else f"{option}={low:g}..{high:g}"
    return f"{option}={magnitude:g}"
