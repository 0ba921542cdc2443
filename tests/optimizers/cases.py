"""Every optimizer with every argument: the table that all tests of optimizers are derived from."""

import inspect

import keras
from keras import ops

import kerasrecipes.optimizers
from kerasrecipes.optimizers import (
    LARS,
    AdaBelief,
    AdaptiveGradientClipping,
    DecayKernelsOnly,
    DiffGrad,
    GradientCentralization,
    LayerwiseLearningRates,
    Lookahead,
    Momentum,
    RAdam,
    StagewiseLearningRates,
    UncorrectedAdam,
)
from kerasrecipes.recipe import registry


@keras.saving.register_keras_serializable(package="test_optimizers")
class Rising(keras.optimizers.schedules.LearningRateSchedule):
    """A schedule that has the same values in float32 and in float64."""

    def __call__(self, step):
        return (ops.cast(step, "float32") % 64 + 1) / 128

    def get_config(self):
        return {}


def rising(step):
    return (step % 64 + 1) / 128


def falling_depths(weights):
    """Depths of stages from 2 to 0, as evenly as the number of weights allows."""
    return [2 - 3 * index // weights for index in range(weights)]


# Rows of each class: its name, then what is particular about the row, and options. Every argument
# has a row with another value than its default. The last row of a class stands for it where one is
# enough. A wrapper's row "identity" changes nothing, as long as kernels alone are decayed and their
# gradients have a mean of 0. A function takes the number of weights and returns the option.
CASES = {
    "RAdam": (RAdam, {}),
    "RAdam betas": (RAdam, {"beta_1": 0.8, "beta_2": 0.99}),
    "RAdam no first moment": (RAdam, {"beta_1": 0.0}),
    "RAdam never tractable": (RAdam, {"beta_2": 0.6}),
    "RAdam early": (RAdam, {"beta_2": 0.9}),
    "RAdam epsilon": (RAdam, {"epsilon": 1e-3}),
    "RAdam threshold": (RAdam, {"threshold": 4.0}),
    "RAdam decay": (RAdam, {"weight_decay": 0.125, "decay_kernels_only": False}),
    "DiffGrad": (DiffGrad, {}),
    "DiffGrad betas": (DiffGrad, {"beta_1": 0.8, "beta_2": 0.99}),
    "DiffGrad epsilon": (DiffGrad, {"epsilon": 1e-3}),
    "DiffGrad decay": (DiffGrad, {"weight_decay": 0.125, "decay_kernels_only": False}),
    "AdaBelief": (AdaBelief, {}),
    "AdaBelief betas": (AdaBelief, {"beta_1": 0.8, "beta_2": 0.99}),
    "AdaBelief epsilon": (AdaBelief, {"epsilon": 1e-4}),
    "AdaBelief decay": (AdaBelief, {"weight_decay": 0.125, "decay_kernels_only": False}),
    "AdaBelief rectify": (AdaBelief, {"rectify": True}),
    "UncorrectedAdam": (UncorrectedAdam, {}),
    "UncorrectedAdam betas": (UncorrectedAdam, {"beta_1": 0.8, "beta_2": 0.99}),
    "UncorrectedAdam epsilon": (UncorrectedAdam, {"epsilon": 1e-3}),
    "UncorrectedAdam decay": (
        UncorrectedAdam,
        {"weight_decay": 0.125, "decay_kernels_only": False},
    ),
    "Momentum": (Momentum, {}),
    "Momentum high": (Momentum, {"momentum": 0.99}),
    "Momentum nesterov": (Momentum, {"nesterov": True}),
    "Momentum dampening": (Momentum, {"dampening": 0.9}),
    "Momentum decay": (Momentum, {"weight_decay": 0.125, "decay_kernels_only": False}),
    "Momentum schedule": (Momentum, {"momentum": Rising(), "nesterov": True}),
    "LARS": (LARS, {}),
    "LARS momentum": (LARS, {"momentum": 0.5}),
    "LARS adapt": (LARS, {"adapt_kernels_only": False}),
    "LARS decay": (LARS, {"weight_decay": 0.125, "decay_kernels_only": False}),
    "LARS trust": (LARS, {"trust_coefficient": 0.1, "weight_decay": 0.125}),
    "Lookahead period": (Lookahead, {"optimizer": "SGD", "sync_period_steps": 1}),
    "Lookahead step": (Lookahead, {"optimizer": "SGD", "slow_step_size": 0.8}),
    "Lookahead identity": (
        Lookahead,
        {"optimizer": "SGD", "sync_period_steps": 2, "slow_step_size": 1.0},
    ),
    "Lookahead": (Lookahead, {"optimizer": "SGD", "sync_period_steps": 3}),
    "GradientCentralization identity": (GradientCentralization, {"optimizer": "SGD"}),
    "AdaptiveGradientClipping": (AdaptiveGradientClipping, {"optimizer": "SGD"}),
    "AdaptiveGradientClipping factor": (
        AdaptiveGradientClipping,
        {"optimizer": "SGD", "clip_factor": 0.5, "epsilon": 0.1},
    ),
    "AdaptiveGradientClipping identity": (
        AdaptiveGradientClipping,
        {"optimizer": "SGD", "clip_factor": 1e9},
    ),
    "AdaptiveGradientClipping exclude": (
        AdaptiveGradientClipping,
        {"optimizer": "SGD", "exclude": ["kernel"]},
    ),
    "LayerwiseLearningRates identity": (
        LayerwiseLearningRates,
        {"optimizer": "SGD", "multipliers": {"": 1.0}},
    ),
    "LayerwiseLearningRates": (
        LayerwiseLearningRates,
        {"optimizer": "SGD", "multipliers": {"kernel": 0.5, "": 2.0}},
    ),
    "StagewiseLearningRates rates": (
        StagewiseLearningRates,
        {"optimizer": "SGD", "depths": [3], "backbone_multiplier": 0.25, "depth_factor": 0.5},
    ),
    "StagewiseLearningRates frozen": (
        StagewiseLearningRates,
        {"optimizer": "SGD", "depths": [2], "unfreeze_every_steps": 20},
    ),
    "StagewiseLearningRates identity": (
        StagewiseLearningRates,
        {"optimizer": "SGD", "depths": falling_depths, "backbone_multiplier": 1.0},
    ),
    "StagewiseLearningRates": (
        StagewiseLearningRates,
        {"optimizer": "SGD", "depths": falling_depths, "unfreeze_every_steps": 1},
    ),
    "DecayKernelsOnly identity": (DecayKernelsOnly, {"optimizer": "SGD"}),
}
CLASSES = [getattr(kerasrecipes.optimizers, name) for name in kerasrecipes.optimizers.__all__]
WRAPPERS = [cls for cls in CLASSES if "optimizer" in registry.arguments(cls)]
OURS = [cls for cls in CLASSES if cls not in WRAPPERS]
IDENTITIES = [name for name in CASES if name.endswith(" identity")]
# The last row of each class.
REPRESENTATIVES = [*{cls: name for name, (cls, _) in CASES.items()}.values()]


def make(name, learning_rate=0.01, inner=None, weights=1, cls=None):
    """Returns a new optimizer by a row of `CASES`.

    Args:
        name: Of the row.
        learning_rate: Of the optimizer, or of the one that it wraps.
        inner: What a wrapper wraps, instead of the row's optimizer at `learning_rate`.
        weights: The number of weights that it is going to train.
        cls: A subclass to make instead of the row's class.
    """
    row_cls, options = CASES[name]
    options = {k: v(weights) if inspect.isfunction(v) else v for k, v in options.items()}
    if row_cls not in WRAPPERS:
        return (cls or row_cls)(learning_rate, **options)
    if inner is None:
        inner = keras.optimizers.get(options["optimizer"])
        inner.learning_rate = learning_rate
    return (cls or row_cls)(**{**options, "optimizer": inner})
