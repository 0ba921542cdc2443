"""Layers that Keras lacks, and base classes for layers of your own."""

from kerasrecipes.layers.augmentation import (
    AugmentationLayer,
    FancyPCA,
    MixedSamples,
    PolicyAugment,
    RandomApply,
    RandomBlur,
    RandomChoice,
    RandomElasticDistortion,
    RandomGeometry,
    RandomNoise,
    RandomPadCrop,
    RandomPhotometry,
    RandomResizedCrop,
    RandomSharpening,
)
from kerasrecipes.layers.normalization import (
    InstanceNormalization,
    KernelWrapper,
    ScalarAffine,
    WeightNormalization,
    WeightStandardization,
)
from kerasrecipes.layers.preprocessing import (
    AdaptableLayer,
    Centering,
    PCAWhitening,
    Standardization,
    ZCAWhitening,
)
from kerasrecipes.layers.regularization import DropConnect, StochasticDepth, VanillaDropout

__all__ = [
    "AdaptableLayer",
    "AugmentationLayer",
    "Centering",
    "DropConnect",
    "FancyPCA",
    "InstanceNormalization",
    "KernelWrapper",
    "MixedSamples",
    "PCAWhitening",
    "PolicyAugment",
    "RandomApply",
    "RandomBlur",
    "RandomChoice",
    "RandomElasticDistortion",
    "RandomGeometry",
    "RandomNoise",
    "RandomPadCrop",
    "RandomPhotometry",
    "RandomResizedCrop",
    "RandomSharpening",
    "ScalarAffine",
    "Standardization",
    "StochasticDepth",
    "VanillaDropout",
    "WeightNormalization",
    "WeightStandardization",
    "ZCAWhitening",
]
