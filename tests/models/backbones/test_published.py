"""Published figures: of every network of Keras, and true where they can be counted."""

import pytest

from kerasrecipes.models.backbones.applications import application_builders
from kerasrecipes.models.backbones.published import PUBLISHED


def test_every_network_of_keras_has_figures():
    assert set(PUBLISHED) == set(application_builders())


@pytest.mark.backend_neutral
@pytest.mark.parametrize("name", ["MobileNet", "MobileNetV2", "VGG16"])
def test_parameters_are_those_of_the_whole_network(name):
    network = application_builders()[name](weights=None)
    assert network.count_params() / 1e6 == pytest.approx(PUBLISHED[name].parameters, abs=0.06)
    assert network.input_shape[1] == PUBLISHED[name].image_size
