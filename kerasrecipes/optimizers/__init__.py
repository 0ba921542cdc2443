"""Optimizers that Keras lacks, and wrappers for any optimizer."""

from kerasrecipes.optimizers.ada_belief import AdaBelief
from kerasrecipes.optimizers.adaptive_gradient_clipping import AdaptiveGradientClipping
from kerasrecipes.optimizers.averages.every_average import EveryAverage
from kerasrecipes.optimizers.averages.exponential_average import ExponentialAverage
from kerasrecipes.optimizers.averages.post_hoc import post_hoc_coefficients
from kerasrecipes.optimizers.averages.power_average import PowerAverage
from kerasrecipes.optimizers.averages.uniform_average import UniformAverage
from kerasrecipes.optimizers.decay_kernels_only import DecayKernelsOnly
from kerasrecipes.optimizers.diff_grad import DiffGrad
from kerasrecipes.optimizers.gradient_centralization import GradientCentralization
from kerasrecipes.optimizers.kernel_muon import KernelMuon
from kerasrecipes.optimizers.lars import LARS
from kerasrecipes.optimizers.layerwise_learning_rates import LayerwiseLearningRates
from kerasrecipes.optimizers.lookahead import Lookahead
from kerasrecipes.optimizers.momentum import Momentum
from kerasrecipes.optimizers.radam import RAdam
from kerasrecipes.optimizers.schedule_free import ScheduleFree
from kerasrecipes.optimizers.stagewise_learning_rates import StagewiseLearningRates
from kerasrecipes.optimizers.uncorrected_adam import UncorrectedAdam
from kerasrecipes.optimizers.weight_averaging import WeightAveraging

__all__ = [
    "LARS",
    "AdaBelief",
    "AdaptiveGradientClipping",
    "DecayKernelsOnly",
    "DiffGrad",
    "EveryAverage",
    "ExponentialAverage",
    "GradientCentralization",
    "KernelMuon",
    "LayerwiseLearningRates",
    "Lookahead",
    "Momentum",
    "PowerAverage",
    "RAdam",
    "ScheduleFree",
    "StagewiseLearningRates",
    "UncorrectedAdam",
    "UniformAverage",
    "WeightAveraging",
    "post_hoc_coefficients",
]
