import keras
import numpy as np
import pytest

from kerasrecipes.layers import DropConnect, VanillaDropout
from kerasrecipes.models import MLP


def output_of(model, x):
    return keras.ops.convert_to_numpy(model(x, training=False))


def randomize(model, seed=0):
    generator = np.random.default_rng(seed)
    model.set_weights([generator.uniform(0.1, 1.0, w.shape) for w in model.weights])


def layer_kinds(model):
    return [type(layer).__name__ for layer in model.layers]


def test_logits_equal_the_definition():
    model = MLP((2, 3, 2), 4, units=(5, 3), activation="tanh")
    randomize(model)
    x = np.random.default_rng(1).normal(size=(6, 2, 3, 2))
    kernel1, bias1, kernel2, bias2, kernel3, bias3 = model.get_weights()
    hidden = np.tanh(x.reshape(6, 12) @ kernel1 + bias1)
    expected = np.tanh(hidden @ kernel2 + bias2) @ kernel3 + bias3
    np.testing.assert_allclose(output_of(model, x), expected, rtol=1e-5)


def test_layers_in_their_order():
    model = MLP((8,), 3, units=(4,), normalization="batch", dropout_rate=0.5)
    assert layer_kinds(model) == [
        "InputLayer",
        "Flatten",
        "Dense",
        "BatchNormalization",
        "Activation",
        "Dropout",
        "Dense",
    ]
    assert model.get_layer("hidden1_dropout").rate == 0.5


def test_a_layer_may_take_the_place_of_dropout():
    template = VanillaDropout(0.4, seed=1)
    model = MLP((8,), 3, units=(4, 4), dropout=template)
    copies = [model.get_layer(f"hidden{number}_dropout") for number in (1, 2)]
    assert [(type(copy), copy.rate) for copy in copies] == [(VanillaDropout, 0.4)] * 2
    assert template not in copies


def test_drop_connect_is_around_hidden_layers():
    model = MLP((8,), 3, units=(4,), drop_connect_rate=0.3)
    hidden = model.get_layer("hidden1_dense")
    assert (type(hidden), hidden.rate, hidden.layer.units) == (DropConnect, 0.3, 4)
    assert type(model.get_layer("logits")) is keras.layers.Dense
    x = np.ones((2, 8))
    plain = MLP((8,), 3, units=(4,))
    plain.set_weights(model.get_weights())
    np.testing.assert_array_equal(output_of(model, x), output_of(plain, x))


def test_no_bias_before_a_normalization():
    model = MLP((8,), 3, units=(4,), normalization="layer")
    assert not model.get_layer("hidden1_dense").use_bias
    assert model.get_layer("logits").use_bias


def test_without_units_it_is_linear():
    model = MLP((3, 3, 1), 2, units=())
    assert model.count_params() == 9 * 2 + 2


def test_layers_of_one_shape_start_with_different_weights():
    initializer = keras.initializers.HeNormal(seed=3)
    first = MLP((8,), 8, units=(8, 8), kernel_initializer=initializer)
    kernels = [w for w in first.get_weights() if w.ndim == 2]
    assert (kernels[0] != kernels[1]).all()
    assert (kernels[1] != kernels[2]).all()
    second = MLP((8,), 8, units=(8, 8), kernel_initializer=initializer)
    for ours, theirs in zip(first.get_weights(), second.get_weights(), strict=True):
        np.testing.assert_array_equal(ours, theirs)


def test_kernel_regularizer_reaches_every_kernel():
    model = MLP((4,), 2, units=(3,), kernel_regularizer=keras.regularizers.L2(0.01))
    randomize(model)
    expected = sum(0.01 * (w**2).sum() for w in model.get_weights() if w.ndim == 2)
    assert sum(float(loss) for loss in model.losses) == pytest.approx(expected, rel=1e-5)


def test_a_saved_model_gives_the_same_logits(tmp_path):
    model = MLP((3, 3, 1), 3, units=(4,), activation=keras.layers.PReLU(), normalization="group")
    randomize(model)
    model.save(tmp_path / "model.keras")
    loaded = keras.saving.load_model(tmp_path / "model.keras", safe_mode=True)
    x = np.random.default_rng(1).normal(size=(6, 3, 3, 1))
    np.testing.assert_array_equal(output_of(loaded, x), output_of(model, x))


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"classes": 1}, "`classes` must be an integer of at least 2"),
        ({"units": (8, 0)}, r"`units\[1\]` must be an integer of at least 1"),
        ({"dropout_rate": 1.0}, r"`dropout_rate` must be a number in \[0, 1\)"),
        ({"drop_connect_rate": 1.0}, r"`drop_connect_rate` must be a number in \[0, 1\)"),
        (
            {"dropout_rate": 0.5, "dropout": keras.layers.Dropout(0.5)},
            "`dropout` and `dropout_rate` must not both be given",
        ),
        ({"input_shape": (8, 0, 3)}, r"`input_shape\[1\]` must be an integer of at least 1"),
        ({"normalization": "bath"}, "Did you mean 'batch'"),
    ],
)
def test_arguments_out_of_range(options, message):
    with pytest.raises(ValueError, match=message):
        MLP(**{"input_shape": (8, 8, 1), "classes": 10, **options})


def test_dropout_is_a_layer():
    with pytest.raises(TypeError, match="Give a rate as `dropout_rate`"):
        MLP((8, 8, 1), 10, dropout=0.5)
