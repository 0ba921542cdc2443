"""Defaults and limits of optimizers: see `tests.defaults`."""

import functools
import inspect

import pytest

import kerasrecipes.optimizers as package
from tests.defaults import defaults_of, limits_of

DEFAULTS = {
    "AdaBelief": "learning_rate=0.001, beta_1=0.9, beta_2=0.999, epsilon=1e-16, rectify=False",
    "AdaptiveGradientClipping": "clip_factor=0.01, epsilon=0.001, exclude=()",
    "DiffGrad": "learning_rate=0.001, beta_1=0.9, beta_2=0.999, epsilon=1e-07",
    "ExponentialAverage": "decay=0.999, warmup=True, debias=True",
    "KernelMuon": (
        "kernel_multiplier=1.0, momentum=0.95, nesterov=True, scale='match_rms_adamw', steps=5, "
        "coefficients=(3.4445, -4.775, 2.0315), cautious=False, normalize_kernels=False, "
        "multipliers=None, exclude=(), exclude_head=True"
    ),
    "LARS": (
        "learning_rate=1.0, momentum=0.9, trust_coefficient=0.001, adapt_kernels_only=True, "
        "weight_decay=None, decay_kernels_only=True"
    ),
    "Lookahead": "sync_period_steps=5, slow_step_size=0.5",
    "Momentum": "learning_rate=0.01, momentum=0.9, nesterov=False, dampening=0.0",
    "PowerAverage": "relative_width=0.1",
    "RAdam": "learning_rate=0.001, beta_1=0.9, beta_2=0.999, epsilon=1e-07, threshold=5.0",
    "ScheduleFree": "beta=0.9",
    "StagewiseLearningRates": (
        "backbone_multiplier=0.1, depth_factor=1.0, unfreeze_every_steps=0, depths=None"
    ),
    "UncorrectedAdam": "learning_rate=0.001, beta_1=0.9, beta_2=0.999, epsilon=1e-07",
    "UniformAverage": "tail_fraction=0.25, period_steps=1",
}


@pytest.mark.backend_neutral
@pytest.mark.parametrize("name", DEFAULTS)
def test_defaults_are_as_written(name):
    assert defaults_of(getattr(package, name)) == DEFAULTS[name]


# What an argument must be, by that.
LIMITS = {
    "a number of at least 0": """
        LARS.learning_rate
        LARS.weight_decay
        AdaBelief.learning_rate
        AdaBelief.weight_decay
        DiffGrad.learning_rate
        DiffGrad.weight_decay
        KernelMuon.kernel_multiplier
        Momentum.learning_rate
        Momentum.weight_decay
        RAdam.learning_rate
        RAdam.weight_decay
        StagewiseLearningRates.backbone_multiplier
        UncorrectedAdam.learning_rate
        UncorrectedAdam.weight_decay
    """,
    "a number in [0, 1)": """
        LARS.momentum
        AdaBelief.beta_1
        AdaBelief.beta_2
        DiffGrad.beta_1
        DiffGrad.beta_2
        KernelMuon.momentum
        Momentum.momentum
        Momentum.dampening
        RAdam.beta_1
        RAdam.beta_2
        ScheduleFree.beta
        UncorrectedAdam.beta_1
        UncorrectedAdam.beta_2
    """,
    "a number greater than 0": """
        LARS.trust_coefficient
        AdaBelief.epsilon
        AdaptiveGradientClipping.clip_factor
        AdaptiveGradientClipping.epsilon
        DiffGrad.epsilon
        RAdam.epsilon
        UncorrectedAdam.epsilon
    """,
    "an integer of at least 1": """
        KernelMuon.steps
        Lookahead.sync_period_steps
    """,
    "a number in (0, 1]": """
        Lookahead.slow_step_size
        StagewiseLearningRates.depth_factor
    """,
    "a number of at least 4": """
        RAdam.threshold
    """,
    "an integer of at least 0": """
        StagewiseLearningRates.unfreeze_every_steps
    """,
}


@pytest.mark.backend_neutral
@pytest.mark.parametrize(
    ("path", "limit"), [(path, limit) for limit, paths in LIMITS.items() for path in paths.split()]
)
def test_limits_are_as_written(path, limit):
    name, argument = path.split(".")
    takes_another = "optimizer" in inspect.signature(getattr(package, name)).parameters
    first = ["sgd"] if takes_another else []
    assert limits_of(functools.partial(getattr(package, name), *first), argument) == limit
