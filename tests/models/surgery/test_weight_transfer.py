import keras
import numpy as np
import pytest

from kerasrecipes.models.surgery.weight_transfer import warm_start


def network(units=3, scale=1 / 255, offset=0.0):
    pixels = keras.Input((4,))
    scaled = keras.layers.Rescaling(scale, offset)(pixels)
    return keras.Model(pixels, keras.layers.Dense(units)(scaled))


def test_the_weights_are_taken_over():
    start, ours = network(scale=[1.0, 2.0, 3.0, 4.0]), network(scale=[1.0, 2.0, 3.0, 4.0])
    warm_start(ours, start)
    for weights, expected in zip(ours.get_weights(), start.get_weights(), strict=True):
        np.testing.assert_array_equal(weights, expected)


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        ({"units": 2}, r"weight 0 must be kernel of shape \(4, 3\)\. .* \(4, 2\)"),
        (
            {"scale": 1 / 127.5, "offset": -1.0},
            "in another way. Give `model` the backbone of that",
        ),
        ({"offset": [-1.0, 0.0, 0.0, 0.0]}, "scales pixels in another way"),
    ],
)
def test_another_network_is_refused(changed, message):
    ours = network()
    before = ours.get_weights()
    with pytest.raises(ValueError, match=message):
        warm_start(ours, network(**changed))
    for weights, expected in zip(ours.get_weights(), before, strict=True):
        np.testing.assert_array_equal(weights, expected)
