import keras
import numpy as np
import pytest

from kerasrecipes.layers import StochasticDepth
from kerasrecipes.models import ResNet, ResNetCIFAR

# JAX compiles a random initializer for every new shape.
ZEROS = {"kernel_initializer": "zeros"}


def rates(model):
    return [layer.rate for layer in model.layers if isinstance(layer, StochasticDepth)]


@pytest.mark.parametrize("version", [1, 2])
def test_rates_rise_in_a_line_to_the_last_block(version):
    options = {"depth": 14, "filters": 2, "version": version, **ZEROS}
    model = ResNetCIFAR((8, 8, 1), 3, **options, stochastic_depth_rate=0.6)
    np.testing.assert_allclose(rates(model), [0.1, 0.2, 0.3, 0.4, 0.5, 0.6])
    assert not rates(ResNetCIFAR((8, 8, 1), 3, **options))


def test_rates_of_networks_for_photographs():
    options = {"depth": 18, "stem": "small", "filters": 2, **ZEROS}
    model = ResNet((8, 8, 1), 3, **options, stochastic_depth_rate=0.4)
    np.testing.assert_allclose(rates(model), np.arange(1, 9) / 20)
    assert not rates(ResNet((8, 8, 1), 3, **options))


def test_it_is_the_branch_that_is_dropped():
    model = ResNetCIFAR((8, 8, 1), 3, depth=8, filters=2, stochastic_depth_rate=0.6, **ZEROS)
    drop = model.get_layer("stage2_block1_stochastic_depth")
    norm, addition = model.get_layer("stage2_block1_norm2"), model.get_layer("stage2_block1_add")
    assert drop.input is norm.output
    assert addition.input[1] is drop.output


@pytest.mark.parametrize("build", [ResNet, ResNetCIFAR])
def test_rates_out_of_range(build):
    with pytest.raises(ValueError, match=r"`stochastic_depth_rate` must be a number in \[0, 1\)"):
        build((32, 32, 3), 10, stochastic_depth_rate=1.0)


def test_a_saved_network_gives_the_same_logits(tmp_path):
    model = ResNetCIFAR((8, 8, 1), 3, depth=8, filters=2, stochastic_depth_rate=0.6)
    model.save(tmp_path / "model.keras")
    loaded = keras.saving.load_model(tmp_path / "model.keras", safe_mode=True)
    x = np.random.default_rng(0).normal(size=(2, 8, 8, 1))
    np.testing.assert_array_equal(*(m.predict(x, verbose=0) for m in (model, loaded)))
