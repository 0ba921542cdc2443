"""Arguments and configs of all layers."""

import inspect

import keras
import pytest

from kerasrecipes.recipe import registry, signatures
from tests.layers.cases import CASES, class_of, make

COMMON = {*signatures.arguments(keras.layers.Layer)}


def own_arguments(cls):
    return {k: v for k, v in signatures.arguments(cls).items() if k not in COMMON}


def test_every_argument_of_every_layer_has_a_case():
    covered = {}
    for name, options in CASES.items():
        cls = class_of(name)
        arguments = own_arguments(cls)
        differing = {k for k, v in options.items() if arguments[k].default != v}
        covered.setdefault(cls.__name__, set()).update(differing)
    for name, cls in registry.names("layer").items():
        if registry.is_ours(cls):
            assert name in covered, f"{name} has no row in CASES"
            assert covered[name] == {*own_arguments(cls)} - {"seed"}, name


@pytest.mark.parametrize("name", CASES)
def test_a_config_returns_every_argument_and_rebuilds_the_layer(name):
    arguments = own_arguments(class_of(name))
    layer = make(name, name="layer", **({"seed": 3} if "seed" in arguments else {}))
    config = layer.get_config()
    assert {*arguments, "name"} <= {*config}
    for argument, value in CASES[name].items():
        # Layers and initializers are dictionaries in a config.
        if not inspect.isfunction(value) and not isinstance(config[argument], dict):
            assert config[argument] == value
    assert config.get("seed", 3) == 3
    copy = keras.saving.deserialize_keras_object(keras.saving.serialize_keras_object(layer))
    assert type(copy) is type(layer)
    assert copy.get_config() == config
