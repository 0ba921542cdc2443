"""Defaults and limits of layers: see `tests.defaults`."""

import functools

import pytest

import kerasrecipes.layers as package
from tests.defaults import defaults_of, limits_of
from tests.layers.cases import make

DEFAULTS = {
    "Centering": "per='channel'",
    "DropConnect": "rate=0.5, inference_samples=0",
    "FancyPCA": "stddev=0.1, covariance=None, value_range=(0, 255)",
    "FilterResponseNormalization": "axis=-1, epsilon=1e-06, learned_epsilon=False",
    "InstanceNormalization": (
        "axis=-1, epsilon=0.001, center=True, scale=True, beta_initializer='zeros', "
        "gamma_initializer='ones', beta_regularizer=None, gamma_regularizer=None, "
        "beta_constraint=None, gamma_constraint=None"
    ),
    "MixedSamples": (
        "mixup_alpha=0.2, cutmix_alpha=1.0, cutmix_probability=0.5, probability=1.0, classes=None"
    ),
    "PCAWhitening": "components=None, epsilon=0.01, whiten=True",
    "PolicyAugment": (
        "policy='trivialaugment', operations=None, magnitude=None, value_range=(0, 255), "
        "interpolation='nearest', fill_value=0"
    ),
    "RandomApply": "probability=0.5",
    "RandomBlur": "sigma_pixels=1.0",
    "RandomChoice": "probabilities=None",
    "RandomElasticDistortion": (
        "displacement_pixels=1.0, smoothness_pixels=4.0, interpolation='bilinear', "
        "fill_mode='reflect', fill_value=0.0"
    ),
    "RandomGeometry": (
        "horizontal_flip=0.0, vertical_flip=0.0, scale=1.0, aspect=1.0, vertical_shear=0.0, "
        "horizontal_shear=0.0, rotation_degrees=0.0, horizontal_translation_fraction=0.0, "
        "vertical_translation_fraction=0.0, perspective=0.0, size=None, "
        "interpolation='bilinear', fill_mode='constant', fill_value=0.0"
    ),
    "RandomNoise": "gaussian=0.0, speckle=0.0, salt_and_pepper=0.0, value_range=(0, 255)",
    "RandomPadCrop": "padding_pixels=4, fill_mode='constant', fill_value=0.0",
    "RandomPhotometry": (
        "brightness=0.0, contrast=0.0, saturation=0.0, hue_degrees=0.0, color_cast=0.0, "
        "grayscale=0.0, inversion=0.0, gamma=1.0, posterize_bits=8, solarize=0.0, "
        "value_range=(0, 255)"
    ),
    "RandomResizedCrop": (
        "size=None, area_fraction=(0.08, 1.0), aspect_ratio=(0.75, 1.3333333333333333), "
        "interpolation='bilinear', fill_mode='edge', fill_value=0.0"
    ),
    "RandomSharpening": "amount=1.0, sigma_pixels=1.0, value_range=(0, 255)",
    "ScalarAffine": "use_scale=True, use_bias=True",
    "Standardization": "per='channel'",
    "ThresholdedLinearUnit": (
        "axis=-1, tau_initializer='zeros', tau_regularizer=None, tau_constraint=None"
    ),
    "WeightStandardization": "epsilon=1e-05",
    "ZCAWhitening": "epsilon=0.01",
}


@pytest.mark.backend_neutral
@pytest.mark.parametrize("name", DEFAULTS)
def test_defaults_are_as_written(name):
    assert defaults_of(getattr(package, name)) == DEFAULTS[name]


# What an argument must be, by that.
LIMITS = {
    "a number in [0, 1)": """
        DropConnect.rate
        StochasticDepth.rate
        VanillaDropout.rate
    """,
    "an integer of at least 0": """
        DropConnect.inference_samples
        PolicyAugment.fill_value
        RandomPadCrop.padding_pixels
    """,
    "a number of at least 0": """
        FancyPCA.stddev
        PCAWhitening.epsilon
        RandomBlur.sigma_pixels
        RandomElasticDistortion.displacement_pixels
        RandomGeometry.vertical_shear
        RandomGeometry.horizontal_shear
        RandomGeometry.rotation_degrees
        RandomGeometry.horizontal_translation_fraction
        RandomGeometry.vertical_translation_fraction
        RandomNoise.gaussian
        RandomNoise.speckle
        RandomPhotometry.brightness
        RandomPhotometry.contrast
        RandomPhotometry.saturation
        RandomPhotometry.hue_degrees
        RandomPhotometry.color_cast
        RandomSharpening.amount
        ZCAWhitening.epsilon
    """,
    "an integer": """
        FilterResponseNormalization.axis
        InstanceNormalization.axis
        ThresholdedLinearUnit.axis
    """,
    "a number greater than 0": """
        FilterResponseNormalization.epsilon
        InstanceNormalization.epsilon
        MixedSamples.mixup_alpha
        MixedSamples.cutmix_alpha
        RandomElasticDistortion.smoothness_pixels
        RandomSharpening.sigma_pixels
        WeightStandardization.epsilon
    """,
    "a number in [0, 1]": """
        MixedSamples.cutmix_probability
        MixedSamples.probability
        RandomApply.probability
        RandomGeometry.horizontal_flip
        RandomGeometry.vertical_flip
        RandomNoise.salt_and_pepper
        RandomPhotometry.grayscale
        RandomPhotometry.inversion
        RandomPhotometry.solarize
    """,
    "an integer of at least 2": """
        MixedSamples.classes
    """,
    "an integer of at least 1": """
        PCAWhitening.components
        PolicyAugment.operations
        RandomPhotometry.posterize_bits
    """,
    "a number in [0, 10]": """
        PolicyAugment.magnitude
    """,
    "a number": """
        RandomElasticDistortion.fill_value
        RandomGeometry.fill_value
        RandomPadCrop.fill_value
        RandomResizedCrop.fill_value
    """,
    "a number of at least 1": """
        RandomGeometry.scale
        RandomGeometry.aspect
        RandomPhotometry.gamma
    """,
    "a number in [0, 0.5)": """
        RandomGeometry.perspective
    """,
}


@pytest.mark.backend_neutral
@pytest.mark.parametrize(
    ("path", "limit"), [(path, limit) for limit, paths in LIMITS.items() for path in paths.split()]
)
def test_limits_are_as_written(path, limit):
    name, argument = path.split(".")
    assert limits_of(functools.partial(make, name), argument) == limit
