"""Layers that change training images at random, each sample on its own, and their base class."""

from kerasrecipes.layers.augmentation.alternating_flip import AlternatingFlip
from kerasrecipes.layers.augmentation.augmentation_layer import AugmentationLayer
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

__all__ = [
    "AlternatingFlip",
    "AugmentationLayer",
    "FancyPCA",
    "MixedSamples",
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
]
