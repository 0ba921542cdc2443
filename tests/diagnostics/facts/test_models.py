"""Facts of models, layers and outputs."""

import random

import keras
import numpy as np
import pytest
from keras import layers, ops

from kerasrecipes.diagnostics.facts.describing import described
from kerasrecipes.diagnostics.facts.given import Given
from kerasrecipes.diagnostics.facts.layers import activation_name, layer_facts
from kerasrecipes.diagnostics.facts.models import model_facts
from kerasrecipes.diagnostics.facts.outputs import output_facts


def branched():
    """Two inputs and outputs, a shared layer, an operation, and a model inside."""
    left, right = keras.Input((4,), name="left"), keras.Input((4,), name="right")
    shared = layers.Dense(4, name="shared")
    inside = keras.Sequential([keras.Input((4,)), layers.Dense(3, "tanh", name="in")], name="inner")
    joined = layers.Add(name="add")([shared(left), ops.relu(shared(right))])
    one = layers.Dense(1, "sigmoid", name="one")(inside(joined))
    many = layers.Softmax(name="many")(layers.Dense(5, name="logits")(joined))
    return keras.Model([left, right], [one, many])


class Subclassed(keras.Model):
    def __init__(self):
        super().__init__()
        self.hidden = layers.Dense(8, "relu")
        self.last = layers.Dense(2)

    def call(self, x):
        return self.last(self.hidden(x))


def test_a_functional_model():
    facts = model_facts(branched())
    inputs = {layer.name: layer.inputs for layer in facts.layers}
    assert inputs.pop("relu", None) or any(name.startswith("relu") for name in inputs)
    assert inputs["left"] == inputs["right"] == ()
    assert inputs["shared"] == ("left", "right")
    assert inputs["inner/in"] == ("add",)
    assert inputs["one"] == ("inner/in",)
    assert inputs["many"] == ("logits",)
    assert (facts.kind, facts.ordered) == ("Functional", True)
    assert facts.parameters == facts.trainable_parameters == 20 + 15 + 4 + 25


def test_its_outputs():
    model = branched()
    model.compile(loss=["mse", keras.losses.CategoricalCrossentropy(label_smoothing=0.1)])
    targets = [np.zeros((6, 1)), np.eye(5)[[0, 1, 2, 3, 4, 4]]]
    one, many = output_facts(model, Given(y=targets))
    assert (one.layer, one.activation, one.shape) == ("one", "sigmoid", (1,))
    assert one.loss is not None
    assert one.loss.kind == "mean_squared_error"
    assert (many.layer, many.activation, many.shape) == ("many", "softmax", (5,))
    assert many.loss is not None
    assert (many.loss.kind, many.loss.label_smoothing) == ("categorical_crossentropy", 0.1)
    assert many.targets is not None
    assert many.targets.class_counts == (1, 1, 1, 1, 2)


def test_a_subclassed_model_is_not_ordered():
    model = Subclassed()
    model(np.zeros((1, 3)))
    facts = model_facts(model)
    assert (facts.kind, facts.ordered, facts.parameters) == ("subclassed", False, 32 + 18)
    [output] = output_facts(model, Given(x=np.zeros((5, 3), "float32")))
    assert (output.shape, output.activation) == ((2,), "unknown")


def test_a_model_that_is_not_built():
    record = described(keras.Sequential([layers.Dense(3, "relu")]))
    assert record.model is not None
    assert [layer.activation for layer in record.model.layers] == ["relu"]
    assert {"model", "optimizer"} <= {*record.missing}


def test_a_model_that_its_first_batch_builds():
    keras.utils.set_random_seed(1)
    model = keras.Sequential([layers.Dense(3, "relu"), layers.Dropout(0.5), layers.Dense(1)])
    model.compile("adam", "mse")
    state = random.getstate()
    record = described(model, Given(x=np.zeros((4, 5)), y=np.zeros(4)))
    assert record.model is not None
    assert (record.model.parameters, "model" in record.missing) == (22, False)
    assert [(output.shape, output.activation) for output in record.outputs] == [((1,), "linear")]
    assert not model.built
    assert random.getstate() == state
    keras.utils.set_random_seed(1)
    again = keras.Sequential([layers.Dense(3, "relu"), layers.Dropout(0.5), layers.Dense(1)])
    for each in (model, again):
        each.build((None, 5))
    np.testing.assert_array_equal(model.get_weights()[0], again.get_weights()[0])


def test_a_model_that_cannot_be_copied():
    class Odd(layers.Layer):
        def __init__(self, units):
            super().__init__()
            self.units = units

        def get_config(self):
            raise ValueError

    record = described(keras.Sequential([Odd(3)]), Given(x=np.zeros((4, 5))))
    assert "model" in record.missing
    assert record.outputs == ()


@pytest.mark.parametrize(
    ("layer", "name"),
    [
        (layers.Dense(1), "linear"),
        (layers.Dense(1, ops.relu), "relu"),
        (layers.Dense(1, lambda x: x), "custom"),
        (layers.Dense(1, layers.LeakyReLU()), "leaky_relu"),
        (layers.Activation("selu"), "selu"),
        (layers.ReLU(), "relu"),
        (layers.LSTM(1), "tanh"),
        (layers.Bidirectional(layers.GRU(1, activation="relu")), "relu"),
        (layers.TimeDistributed(layers.Dense(1, "sigmoid")), "sigmoid"),
        (layers.Dropout(0.5), None),
        (layers.BatchNormalization(), None),
    ],
)
def test_the_name_of_an_activation(layer, name):
    assert activation_name(layer) == name


def test_a_layer():
    conv = layers.Conv2D(
        3, 2, kernel_initializer="ones", bias_initializer="ones", activity_regularizer="l1"
    )
    conv.build((None, 8, 8, 5))
    facts = layer_facts(conv, "conv")
    assert (facts.fan_in, facts.units, facts.parameters) == (20, 3, 63)
    assert (facts.kernel_std, facts.kernel_constant, facts.bias_mean) == (0, True, 1)
    assert facts.penalties == {"activity_l1": 0.01}
    assert layer_facts(layers.BatchNormalization(momentum=0.9), "bn").momentum == 0.9
    assert layer_facts(layers.Dropout(0.3), "d").dropout_rate == 0.3
    assert layer_facts(layers.Embedding(9, 2), "e").options["input_dim"] == 9
