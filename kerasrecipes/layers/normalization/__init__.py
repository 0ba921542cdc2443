"""Layers that normalize activations, and wrappers that normalize the kernels of other layers."""

from kerasrecipes.layers.normalization.filter_response_normalization import (
    FilterResponseNormalization,
)
from kerasrecipes.layers.normalization.instance_normalization import InstanceNormalization
from kerasrecipes.layers.normalization.kernel_wrapper import KernelWrapper
from kerasrecipes.layers.normalization.scalar_affine import ScalarAffine
from kerasrecipes.layers.normalization.thresholded_linear_unit import ThresholdedLinearUnit
from kerasrecipes.layers.normalization.weight_normalization import WeightNormalization
from kerasrecipes.layers.normalization.weight_standardization import WeightStandardization

__all__ = [
    "FilterResponseNormalization",
    "InstanceNormalization",
    "KernelWrapper",
    "ScalarAffine",
    "ThresholdedLinearUnit",
    "WeightNormalization",
    "WeightStandardization",
]
