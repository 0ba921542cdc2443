"""Defaults of optimizers: see `tests.defaults`."""

import pytest

import kerasrecipes.optimizers as package
from tests.defaults import defaults_of

DEFAULTS = {
    "AdaBelief": "learning_rate=0.001, beta_1=0.9, beta_2=0.999, epsilon=1e-16, rectify=False",
    "AdaptiveGradientClipping": "clip_factor=0.01, epsilon=0.001, exclude=()",
    "DiffGrad": "learning_rate=0.001, beta_1=0.9, beta_2=0.999, epsilon=1e-07",
    "LARS": (
        "learning_rate=1.0, momentum=0.9, trust_coefficient=0.001, adapt_kernels_only=True, "
        "weight_decay=None, decay_kernels_only=True"
    ),
    "Lookahead": "sync_period_steps=5, slow_step_size=0.5",
    "Momentum": "learning_rate=0.01, momentum=0.9, nesterov=False, dampening=0.0",
    "RAdam": "learning_rate=0.001, beta_1=0.9, beta_2=0.999, epsilon=1e-07, threshold=5.0",
    "StagewiseLearningRates": (
        "backbone_multiplier=0.1, depth_factor=1.0, unfreeze_every_steps=0, depths=None"
    ),
    "UncorrectedAdam": "learning_rate=0.001, beta_1=0.9, beta_2=0.999, epsilon=1e-07",
}


@pytest.mark.backend_neutral
@pytest.mark.parametrize("name", DEFAULTS)
def test_defaults_are_as_written(name):
    assert defaults_of(getattr(package, name)) == DEFAULTS[name]
