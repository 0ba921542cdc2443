import keras
import numpy as np
import pytest

from kerasrecipes.base.private.fit_frame import fit_arguments


class _Reader(keras.callbacks.Callback):
    def on_train_begin(self, logs=None):
        self.found = fit_arguments(self.model)
        self.of_another = fit_arguments(keras.Sequential())


@pytest.fixture(scope="module")
def model():
    model = keras.Sequential([keras.Input((2,)), keras.layers.Dense(1)])
    model.compile("sgd", "mse", run_eagerly=True)
    return model


def test_arguments_are_those_of_the_fit_that_runs(model):
    x, y = np.zeros((8, 2)), np.zeros(8)
    reader = _Reader()
    model.fit(x, y, batch_size=4, epochs=1, shuffle=False, verbose=0, callbacks=[reader])
    assert reader.found["x"] is x
    assert reader.found["y"] is y
    assert (reader.found["batch_size"], reader.found["shuffle"]) == (4, False)
    assert reader in reader.found["callbacks"].callbacks
    assert "self" not in reader.found
    assert reader.of_another is None


def test_validation_data_of_a_split_are_not_among_x(model):
    x = np.arange(16.0).reshape(8, 2)
    reader = _Reader()
    model.fit(x, x[:, 0], validation_split=0.25, verbose=0, callbacks=[reader])
    assert np.array_equal(np.asarray(reader.found["x"]), x[:6])
    assert np.array_equal(np.asarray(reader.found["validation_data"][0]), x[6:])


def test_a_subclass_may_have_a_fit_of_its_own(model):
    class Model(keras.Sequential):
        def fit(self, images, labels, **keywords):
            return super().fit(images, labels, **keywords)

    mine = Model([keras.Input((2,)), keras.layers.Dense(1)])
    mine.compile("sgd", "mse", run_eagerly=True)
    reader, x = _Reader(), np.ones((4, 2))
    mine.fit(x, np.zeros(4), verbose=0, callbacks=[reader])
    assert reader.found["x"] is x


def test_there_are_none_outside_of_fit_and_without_frames(model, monkeypatch):
    assert fit_arguments(model) is None
    reader = _Reader()
    monkeypatch.delattr("sys._getframe")
    reader.set_model(model)
    reader.on_train_begin()
    assert reader.found is None
