import keras
import numpy as np
import pytest

from kerasrecipes.models import with_temperature

IMAGES = np.random.default_rng(0).normal(size=(6, 4)).astype("float32")


def network(**options):
    return keras.Sequential([keras.Input((4,)), keras.layers.Dense(3, **options)])


def test_logits_are_divided_also_in_the_file(tmp_path):
    model = network()
    scaled = with_temperature(model, 1.7)
    expected = model.predict(IMAGES, verbose=0) / 1.7
    np.testing.assert_allclose(scaled.predict(IMAGES, verbose=0), expected, rtol=1e-5)
    scaled.save(tmp_path / "scaled.keras")
    again = keras.saving.load_model(tmp_path / "scaled.keras", compile=False)
    (logits,) = keras.tree.flatten(again.predict(IMAGES, verbose=0))
    np.testing.assert_allclose(logits, expected, rtol=1e-5)


@pytest.mark.parametrize("temperature", [0, -1.0, float("nan")])
def test_a_temperature_is_positive(temperature):
    with pytest.raises(ValueError, match="`temperature` must be a number greater than 0"):
        with_temperature(network(), temperature)


def test_probabilities_have_no_temperature():
    with pytest.raises(ValueError, match="must not end in a softmax"):
        with_temperature(network(activation="softmax"), 2.0)
