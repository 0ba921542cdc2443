"""Layers that Keras lacks."""

from kerasrecipes.layers.augmentation.fancy_pca import FancyPCA
from kerasrecipes.layers.augmentation.mixed_samples import MixedSamples
from kerasrecipes.layers.augmentation.policy_augment import PolicyAugment
from kerasrecipes.layers.augmentation.random_apply import RandomApply
from kerasrecipes.layers.augmentation.random_blur import RandomBlur
from kerasrecipes.layers.augmentation.random_choice import RandomChoice
from kerasrecipes.layers.augmentation.random_elastic_distortion import RandomElasticDistortion
from kerasrecipes.layers.augmentation.random_geometry import RandomGeometry
from kerasrecipes.layers.augmentation.random_noise import RandomNoise
from kerasrecipes.layers.augmentation.random_pad_crop import RandomPadCrop
from kerasrecipes.layers.augmentation.random_photometry import RandomPhotometry
from kerasrecipes.layers.augmentation.random_resized_crop import RandomResizedCrop
from kerasrecipes.layers.augmentation.random_sharpening import RandomSharpening
from kerasrecipes.layers.normalization.instance_normalization import InstanceNormalization
from kerasrecipes.layers.normalization.scalar_affine import ScalarAffine
from kerasrecipes.layers.normalization.weight_normalization import WeightNormalization
from kerasrecipes.layers.normalization.weight_standardization import WeightStandardization
from kerasrecipes.layers.preprocessing.centering import Centering
from kerasrecipes.layers.preprocessing.pca_whitening import PCAWhitening
from kerasrecipes.layers.preprocessing.standardization import Standardization
from kerasrecipes.layers.preprocessing.zca_whitening import ZCAWhitening
from kerasrecipes.layers.regularization.drop_connect import DropConnect
from kerasrecipes.layers.regularization.stochastic_depth import StochasticDepth
from kerasrecipes.layers.regularization.vanilla_dropout import VanillaDropout

__all__ = [
    "Centering",
    "DropConnect",
    "FancyPCA",
    "InstanceNormalization",
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
