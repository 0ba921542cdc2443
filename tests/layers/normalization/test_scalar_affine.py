import keras
import numpy as np
import pytest
from keras import ops

from kerasrecipes.layers import ScalarAffine

X = np.random.default_rng(0).normal(size=(3, 4, 2)).astype("float32")


@pytest.mark.parametrize(("use_scale", "use_bias"), [(True, True), (True, False), (False, True)])
def test_outputs_equal_the_definition_through_a_saved_model(use_scale, use_bias, tmp_path):
    layer = ScalarAffine(use_scale=use_scale, use_bias=use_bias)
    inputs = keras.Input((None, 2))
    model = keras.Model(inputs, layer(inputs))
    np.testing.assert_array_equal(ops.convert_to_numpy(model(X)), X)
    scale, bias = 2.5 if use_scale else 1.0, -0.5 if use_bias else 0.0
    for weight in layer.weights:
        weight.assign(scale if weight.name == "scale" else bias)
    model.save(tmp_path / "model.keras")
    loaded = keras.saving.load_model(tmp_path / "model.keras", safe_mode=True)
    assert len(loaded.trainable_weights) == use_scale + use_bias
    assert loaded.output_shape == (None, None, 2)
    np.testing.assert_allclose(ops.convert_to_numpy(loaded(X)), scale * X + bias, rtol=1e-6)


def test_both_numbers_are_trained():
    """The gradient of mean((scale x + bias)^2) by scale and bias, at (1, 0)."""
    model = keras.Sequential([keras.Input((4, 2)), ScalarAffine()])
    model.compile(keras.optimizers.SGD(0.1), "mse")
    model.train_on_batch(X, np.zeros_like(X))
    scale, bias = (float(w) for w in model.get_weights())
    assert scale == pytest.approx(1 - 0.1 * 2 * np.mean(X**2), rel=1e-5)
    assert bias == pytest.approx(-0.1 * 2 * np.mean(X), rel=1e-4)


@pytest.mark.parametrize("policy", ["mixed_bfloat16", "float16"])
def test_half_precision(policy):
    outputs = ScalarAffine(dtype=policy)(X)
    compute_dtype = keras.DTypePolicy(policy).compute_dtype
    assert keras.backend.standardize_dtype(outputs.dtype) == compute_dtype


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"use_scale": False, "use_bias": False}, "`use_scale` or `use_bias` must be True"),
        ({"use_scale": 3}, "`use_scale` must be one of False, True"),
        ({"use_bias": "yes"}, "`use_bias` must be one of False, True"),
    ],
)
def test_arguments_out_of_range(options, message):
    with pytest.raises(ValueError, match=message):
        ScalarAffine(**options)
