"""Every optimizer with every argument: the table that all tests of optimizers are derived from."""

import inspect

import keras
from keras import ops

import kerasrecipes.optimizers
from kerasrecipes.optimizers import ExponentialAverage, PowerAverage, UniformAverage
from kerasrecipes.recipe import registry, signatures


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
    "RAdam": {},
    "RAdam betas": {"beta_1": 0.8, "beta_2": 0.99},
    "RAdam no first moment": {"beta_1": 0.0},
    "RAdam never tractable": {"beta_2": 0.6},
    "RAdam early": {"beta_2": 0.9},
    "RAdam epsilon": {"epsilon": 1e-3},
    "RAdam threshold": {"threshold": 4.0},
    "RAdam decay": {"weight_decay": 0.125, "decay_kernels_only": False},
    "DiffGrad": {},
    "DiffGrad betas": {"beta_1": 0.8, "beta_2": 0.99},
    "DiffGrad epsilon": {"epsilon": 1e-3},
    "DiffGrad decay": {"weight_decay": 0.125, "decay_kernels_only": False},
    "AdaBelief": {},
    "AdaBelief betas": {"beta_1": 0.8, "beta_2": 0.99},
    "AdaBelief epsilon": {"epsilon": 1e-4},
    "AdaBelief decay": {"weight_decay": 0.125, "decay_kernels_only": False},
    "AdaBelief rectify": {"rectify": True},
    "UncorrectedAdam": {},
    "UncorrectedAdam betas": {"beta_1": 0.8, "beta_2": 0.99},
    "UncorrectedAdam epsilon": {"epsilon": 1e-3},
    "UncorrectedAdam decay": {"weight_decay": 0.125, "decay_kernels_only": False},
    "Momentum": {},
    "Momentum high": {"momentum": 0.99},
    "Momentum nesterov": {"nesterov": True},
    "Momentum dampening": {"dampening": 0.9},
    "Momentum decay": {"weight_decay": 0.125, "decay_kernels_only": False},
    "Momentum schedule": {"momentum": Rising(), "nesterov": True},
    "LARS": {},
    "LARS momentum": {"momentum": 0.5},
    "LARS adapt": {"adapt_kernels_only": False},
    "LARS decay": {"weight_decay": 0.125, "decay_kernels_only": False},
    "LARS trust": {"trust_coefficient": 0.1, "weight_decay": 0.125},
    "Lookahead period": {"optimizer": "SGD", "sync_period_steps": 1},
    "Lookahead step": {"optimizer": "SGD", "slow_step_size": 0.8},
    "Lookahead identity": {"optimizer": "SGD", "sync_period_steps": 2, "slow_step_size": 1.0},
    "Lookahead": {"optimizer": "SGD", "sync_period_steps": 3},
    "GradientCentralization identity": {"optimizer": "SGD"},
    "AdaptiveGradientClipping": {"optimizer": "SGD"},
    "AdaptiveGradientClipping factor": {"optimizer": "SGD", "clip_factor": 0.5, "epsilon": 0.1},
    "AdaptiveGradientClipping identity": {"optimizer": "SGD", "clip_factor": 1e9},
    "AdaptiveGradientClipping exclude": {"optimizer": "SGD", "exclude": ["kernel"]},
    "LayerwiseLearningRates identity": {"optimizer": "SGD", "multipliers": {"": 1.0}},
    "LayerwiseLearningRates": {"optimizer": "SGD", "multipliers": {"kernel": 0.5, "": 2.0}},
    "StagewiseLearningRates backbone": {"optimizer": "SGD", "depths": [1]},
    "StagewiseLearningRates rates": {
        "optimizer": "SGD",
        "depths": [3],
        "backbone_multiplier": 0.25,
        "depth_factor": 0.5,
    },
    "StagewiseLearningRates frozen": {
        "optimizer": "SGD",
        "depths": [2],
        "unfreeze_every_steps": 20,
    },
    "StagewiseLearningRates identity": {
        "optimizer": "SGD",
        "depths": falling_depths,
        "backbone_multiplier": 1.0,
    },
    "StagewiseLearningRates": {
        "optimizer": "SGD",
        "depths": falling_depths,
        "unfreeze_every_steps": 1,
    },
    "KernelMuon identity": {"optimizer": "SGD", "exclude": [""]},
    "KernelMuon head": {"optimizer": "SGD", "multipliers": {"kernel": 0.5, "": 2.0}},
    "KernelMuon plain": {
        "optimizer": "SGD",
        "exclude_head": False,
        "nesterov": False,
        "momentum": 0.5,
        "scale": None,
    },
    "KernelMuon spectral": {
        "optimizer": "SGD",
        "exclude_head": False,
        "kernel_multiplier": 0.5,
        "scale": "spectral",
        "steps": 3,
        "coefficients": [2.0, -1.5, 0.5],
    },
    "KernelMuon normalize": {
        "optimizer": "SGD",
        "exclude_head": False,
        "scale": "original",
        "normalize_kernels": True,
    },
    "KernelMuon": {"optimizer": "SGD", "exclude_head": False, "cautious": True},
    "ScheduleFree identity": {"optimizer": "SGD", "beta": 0.0},
    "ScheduleFree": {"optimizer": "SGD"},
    "DecayKernelsOnly identity": {"optimizer": "SGD"},
    "WeightAveraging identity": {
        "optimizer": "SGD",
        "averages": [ExponentialAverage(0.9), UniformAverage(100), PowerAverage()],
    },
}
CLASSES = [cls for cls in registry.names("optimizer").values() if registry.is_ours(cls)]
WRAPPERS = [cls for cls in CLASSES if "optimizer" in signatures.arguments(cls)]
OURS = [cls for cls in CLASSES if cls not in WRAPPERS]
IDENTITIES = [name for name in CASES if name.endswith(" identity")]
# The last row of each class.
REPRESENTATIVES = [*{name.partition(" ")[0]: name for name in CASES}.values()]


def inner_options(name):
    """Returns options that an inner Adam must have for a row."""
    return {"beta_1": 0.0} if name.startswith("ScheduleFree") else {}


def class_of(name):
    """Returns the class of a row."""
    return getattr(kerasrecipes.optimizers, name.partition(" ")[0])


def make(name, learning_rate=0.01, inner=None, weights=1, cls=None):
    """Returns a new optimizer by a row of `CASES`.

    Args:
        name: Name of the row.
        learning_rate: Learning rate of the optimizer, or of the one that it wraps.
        inner: Optimizer to wrap, instead of the row's at `learning_rate`.
        weights: The number of weights that it is going to train.
        cls: A subclass to make instead of the row's class.
    """
    cls = cls or class_of(name)
    options = {k: v(weights) if inspect.isfunction(v) else v for k, v in CASES[name].items()}
    if class_of(name) not in WRAPPERS:
        return cls(learning_rate, **options)
    if inner is None:
        inner = keras.optimizers.get(options["optimizer"])
        inner.learning_rate = learning_rate
    return cls(**{**options, "optimizer": inner})
