"""Every layer with every argument: the table that the tests of several layers are derived from."""

import inspect

import keras

from kerasrecipes import layers

# Rows of each class: its name, then what is particular about a further row, and options. Every
# argument but the seed has a row with another value than its default. A function returns a new
# layer, or new layers, to be wrapped.
CASES = {
    "AlternatingFlip": {},
    "Centering": {"per": "feature"},
    "DropConnect": {"layer": lambda: keras.layers.Dense(5), "rate": 0.25, "inference_samples": 3},
    "FancyPCA": {
        "stddev": 1.0, "covariance": [[0.06, 0.05, 0.04], [0.05, 0.06, 0.05], [0.04, 0.05, 0.06]],
        "value_range": (0, 253),
    },
    "FilterResponseNormalization": {
        "axis": 1, "epsilon": 1e-5, "learned_epsilon": True, "center": False, "scale": False,
        "beta_initializer": "ones", "gamma_initializer": "zeros", "beta_regularizer": "l1",
        "gamma_regularizer": "l2", "beta_constraint": "unit_norm", "gamma_constraint": "non_neg",
    },
    "InstanceNormalization": {
        "axis": 1, "epsilon": 1e-5, "center": False, "scale": False, "beta_initializer": "ones",
        "gamma_initializer": "zeros", "beta_regularizer": "l1", "gamma_regularizer": "l2",
        "beta_constraint": "unit_norm", "gamma_constraint": "non_neg",
    },
    "MixedSamples": {
        "mixup_alpha": 0.5, "cutmix_alpha": 2.0, "cutmix_probability": 0.3, "probability": 0.9,
        "classes": 4,
    },
    "PCAWhitening": {"components": 3, "epsilon": 0.5, "whiten": False},
    "PolicyAugment": {
        "policy": "randaugment", "operations": 3, "magnitude": 7.0, "value_range": (0, 253),
        "interpolation": "bilinear", "fill_value": 7,
    },
    "RandomApply": {
        "layers": lambda: [keras.layers.RandomFlip(), layers.RandomNoise(gaussian=0.2)],
        "probability": 0.7,
    },
    "RandomBlur": {"sigma_pixels": (0.5, 1.5)},
    "RandomChoice": {
        "layers": lambda: [keras.layers.RandomFlip(), layers.RandomNoise(speckle=0.2)],
        "probabilities": [1, 2],
    },
    "RandomElasticDistortion": {
        "displacement_pixels": (1.0, 2.0), "smoothness_pixels": 2.0, "interpolation": "nearest",
        "fill_mode": "constant", "fill_value": 7.0,
    },
    "RandomGeometry": {
        "horizontal_flip": 0.5, "vertical_flip": 0.5, "scale": 1.2, "aspect": (0.9, 1.3),
        "vertical_shear": 0.1, "horizontal_shear": 0.2, "rotation_degrees": 30.0,
        "horizontal_translation_fraction": 0.1, "vertical_translation_fraction": (0.0, 0.2),
        "perspective": 0.2, "size": (7, 10), "interpolation": "nearest", "fill_mode": "reflect",
        "fill_value": 3.0,
    },
    "RandomNoise": {
        "gaussian": 0.2, "speckle": (0.1, 0.2), "salt_and_pepper": 0.1, "value_range": (0, 254),
    },
    "RandomPadCrop": {"padding_pixels": 3, "fill_mode": "edge", "fill_value": 7.0},
    "RandomPhotometry": {
        "brightness": 0.2, "contrast": (0.5, 1.0), "saturation": 0.3, "hue_degrees": 40.0,
        "color_cast": 0.1, "grayscale": 0.2, "inversion": 0.2, "gamma": 1.5, "posterize_bits": 5,
        "solarize": 0.3, "value_range": (0, 253),
    },
    "RandomResizedCrop": {
        "size": (5, 6), "area_fraction": (0.3, 0.9), "aspect_ratio": (0.5, 2.0),
        "interpolation": "nearest", "fill_mode": "constant", "fill_value": 3.0,
    },
    "RandomSharpening": {"amount": (0.5, 1.0), "sigma_pixels": 1.5, "value_range": (0, 254)},
    "ScalarAffine": {"use_scale": False},
    "ScalarAffine without bias": {"use_bias": False},
    "Standardization": {"per": "feature"},
    "StochasticDepth": {"rate": 0.25},
    "ThresholdedLinearUnit": {
        "axis": 1, "tau_initializer": "ones", "tau_regularizer": "l2", "tau_constraint": "non_neg",
    },
    "VanillaDropout": {"rate": 0.25},
    "WeightNormalization": {"layer": lambda: keras.layers.Dense(5)},
    "WeightStandardization": {"layer": lambda: keras.layers.Dense(5), "epsilon": 1e-3},
    "ZCAWhitening": {"epsilon": 0.5},
}  # fmt: skip


def class_of(name):
    return getattr(layers, name.partition(" ")[0])


def rows_of(base, but=()):
    """Returns the names of the rows whose classes derive from `base` and not from `but`."""
    classes = {name: class_of(name) for name in CASES}
    return [n for n, cls in classes.items() if issubclass(cls, base) and not issubclass(cls, but)]


def make(name, /, **more):
    """Returns a new layer by a row of `CASES`, with further or other options."""
    options = {k: v() if inspect.isfunction(v) else v for k, v in CASES[name].items()}
    return class_of(name)(**{**options, **more})
