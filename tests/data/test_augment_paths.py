"""Magnitudes of augmentations by dotted path, as in `--set`, a sweep and a search."""

import pytest

from kerasrecipes.cli.arguments import value_of
from kerasrecipes.recipe.recipe import Recipe
from kerasrecipes.recipe.spec import use

RECIPE = Recipe(
    data="Digits",
    augment=[
        use("RandomGeometry", rotation_degrees=10),
        use("RandomPhotometry"),
        use("MixedSamples", cutmix_alpha=None),
        use("RandomApply", layers=[use("RandomBlur"), use("RandomNoise", gaussian=0.1)]),
        use("RandomGeometry", scale=1.2),
    ],
    model="MLP",
)


@pytest.mark.parametrize(
    ("path", "text", "attribute"),
    [
        ("augment.0.rotation_degrees", "25", 25),
        ("augment.0.rotation_degrees", "[0, 25]", [0, 25]),
        ("augment.RandomPhotometry.contrast", "0.3", 0.3),
        ("augment.MixedSamples.mixup_alpha", "0.8", 0.8),
        ("augment.MixedSamples.cutmix_alpha", "1.0", 1.0),
        ("augment.RandomApply.probability", "0.9", 0.9),
        ("augment.RandomApply.layers.RandomNoise.gaussian", "0.3", 0.3),
        ("augment.3.layers.0.sigma_pixels", "(0.5, 1)", [0.5, 1]),
        ("augment.4.scale", "1.5", 1.5),
    ],
)
def test_magnitudes_are_dotted_paths(path, text, attribute):
    changed = RECIPE.replace({path: value_of(text)})
    assert changed.fingerprint != RECIPE.fingerprint
    assert Recipe.from_dict(changed.to_dict()) == changed
    name, index, inside = path.split(".")[1], 0, path.split(".")[2:]
    names = [spec.name for spec in changed.augment]
    index = int(name) if name.isdecimal() else names.index(name)
    layer = changed.augment[index].build("layer")
    if inside[0] == "layers":
        layer = layer.layers[{"RandomBlur": 0, "RandomNoise": 1, "0": 0}[inside[1]]]
    assert getattr(layer, inside[-1]) == attribute


@pytest.mark.parametrize(
    ("path", "message"),
    [
        ("augment.RandomGeometry.scale", "no single item 'RandomGeometry'"),
        ("augment.0.rotation", "Did you mean 'rotation_degrees'"),
        ("augment.RandomApply.layers.RandomBlurr.sigma_pixels", "Did you mean 'RandomBlur'"),
    ],
)
def test_paths_that_lead_nowhere_are_told(path, message):
    with pytest.raises(ValueError, match=message):
        RECIPE.replace({path: 1})
