"""The data of a training, and the first batches of data sets."""

import random

import keras
import numpy as np
import pytest

from kerasrecipes.diagnostics.facts.datasets import data_facts
from kerasrecipes.diagnostics.facts.given import given_data

X, Y = np.arange(30.0).reshape(10, 3), np.arange(10)


class Batches(keras.utils.PyDataset):
    def __init__(self):
        super().__init__()
        self.random = np.random.default_rng(0)

    def __len__(self):
        return 3

    def __getitem__(self, index):
        np.random.rand()
        random.random()
        return X[4 * index : 4 * index + 4] + self.random.normal(), Y[4 * index : 4 * index + 4]


class Broken(Batches):
    def __getitem__(self, index):
        raise OSError("no such file")


def test_arrays():
    given = given_data(X, Y, batch_size=4, shuffle=False, class_weight={0: 2.0})
    assert given.x is X
    assert (given.samples, given.batch_size, given.steps_per_epoch) == (10, 4, 3)
    assert (given.source, given.shuffled, given.class_weights) == ("arrays", False, True)
    assert (given.validation_samples, given.missing) == (0, {})


def test_structures_and_tensors():
    x = {"a": keras.ops.convert_to_tensor(X), "b": [X, X]}
    given = given_data(x, Y)
    assert isinstance(given.x["a"], np.ndarray)
    assert len(data_facts(given).inputs) == 3


def test_validation():
    split = given_data(X, Y, validation_split=0.25)
    assert (split.samples, split.validation_samples) == (7, 3)
    np.testing.assert_array_equal(split.validation_y, [7, 8, 9])
    whole = given_data(X, Y, validation_data=(X[:5], Y[:5]))
    assert (whole.samples, whole.validation_samples) == (10, 5)
    facts = data_facts(whole)
    assert facts.duplicates is not None
    assert (facts.duplicates.shared, facts.duplicates.validation_looked_at) == (5, 5)


def test_batches_are_looked_at_without_a_trace():
    batches = Batches()
    states = random.getstate(), np.random.get_state()[1].copy()
    given = given_data(batches)
    assert (given.samples, given.batch_size, given.steps_per_epoch) == (10, 4, 3)
    assert given.source == "PyDataset"
    np.testing.assert_array_equal(given.y, Y)
    assert random.getstate() == states[0]
    np.testing.assert_array_equal(np.random.get_state()[1], states[1])
    np.testing.assert_array_equal(batches[0][0], Batches()[0][0])


def test_what_cannot_be_looked_at_says_why():
    generator = (batch for batch in [(X, Y)])
    given = given_data(generator, steps_per_epoch=1)
    assert "generator" in given.missing["data.inputs"]
    assert next(generator)[0] is X
    assert "no such file" in given_data(Broken()).missing["data.inputs"]
    assert given_data(None).missing
    assert given_data(X).missing == {"outputs.targets": "There are no targets."}


@pytest.mark.tensorflow_only
class TestTensorFlowData:
    def pipeline(self, change=lambda data: data):
        import tensorflow as tf

        tf.random.set_seed(1)
        data = tf.data.Dataset.from_tensor_slices((X.astype("float32"), Y)).shuffle(10, seed=3)
        return change(data).batch(4)

    def orders(self, data):
        return [np.concatenate([y for _, y in data]).tolist() for _ in range(2)]

    def test_a_look_changes_no_later_order(self):
        expected = self.orders(self.pipeline())
        data = self.pipeline()
        given = given_data(data)
        assert (given.samples, given.batch_size, given.steps_per_epoch) == (10, 4, 3)
        assert given.shuffled is True
        assert sorted(given.y) == Y.tolist()
        assert self.orders(data) == expected

    def test_python_code_is_not_called(self):
        import tensorflow as tf

        called = []

        def load(x):
            called.append(1)
            return x

        def change(data):
            return data.map(lambda x, y: (tf.numpy_function(load, [x], tf.float32), y))

        given = given_data(self.pipeline(change))
        assert "PyFunc" in given.missing["data.inputs"]
        assert not called
