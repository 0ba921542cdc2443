"""What TensorFlow keeps of models that are gone: nothing."""

import gc
import weakref

import keras
import numpy as np
import pytest

from kerasrecipes.base.private.gradient_registry import hold_gradients_weakly

pytestmark = pytest.mark.tensorflow_only
IMAGES, LABELS = np.random.default_rng(0).random((32, 8), "float32"), np.arange(32) % 4


def free_models():
    hold_gradients_weakly()
    gc.collect()


def trained(activation="relu"):
    model = keras.Sequential([keras.layers.Dense(64, activation=activation), keras.layers.Dense(4)])
    loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
    model.compile(keras.optimizers.Adam(0.01), loss)
    model.fit(IMAGES, LABELS, batch_size=16, epochs=1, verbose=0)
    return model


def custom_gradients():
    from tensorflow.python.framework import ops

    return [name for name in ops.gradient_registry.list() if name.startswith("CustomGradient-")]


def graphs():
    import tensorflow as tf

    gc.collect()
    return weakref.WeakSet(o for o in gc.get_objects() if isinstance(o, tf.Graph))


@pytest.mark.parametrize("activation", ["relu", "silu"])
def test_a_model_that_is_gone_takes_its_graphs_with_it(activation):
    trained(activation)  # TensorFlow makes a graph of its own at the first use.
    free_models()
    before = graphs()
    trained(activation)
    # That TensorFlow would keep them is why there is anything to do.
    assert graphs() - before
    free_models()
    assert not graphs() - before
    free_models()
    left = custom_gradients()
    trained(activation)
    assert len(custom_gradients()) > len(left)
    free_models()
    free_models()
    assert custom_gradients() == left


def test_a_model_that_is_there_trains_on():
    found = []
    for free in (lambda: None, free_models):
        keras.utils.set_random_seed(0)
        model = trained("silu")
        free()
        # Batches of another size are traced anew.
        model.fit(IMAGES, LABELS, batch_size=8, epochs=2, verbose=0)
        found.append(model.get_weights())
    for alone, watched in zip(*found, strict=True):
        np.testing.assert_array_equal(alone, watched)


def test_a_function_that_outlives_its_first_caller_keeps_its_gradient():
    import tensorflow as tf

    @tf.function
    def squared(x):
        # Its own gradient, so that it shows which one was taken.
        return tf.custom_gradient(lambda x: (x**2, lambda dy: 3.0 * dy))(x)

    @tf.function
    def slope(x, factor):
        with tf.GradientTape() as tape:
            tape.watch(x)
            y = squared(x) * factor
        return tape.gradient(y, x)

    x = tf.constant(2.0)
    assert float(slope(x, 1.0)) == 3.0
    free_models()
    free_models()
    # Another trace takes the gradient of the function that was traced before.
    assert float(slope(x, 2.0)) == 6.0


def test_entries_of_another_make_are_left_alone(monkeypatch):
    from tensorflow.python.framework import ops

    entries = ops.gradient_registry._registry
    monkeypatch.setitem(entries, "CustomGradient-of-another-make", {"type": lambda op, dy: dy})
    known = entries["CustomGradient-of-another-make"]["type"]
    free_models()
    assert entries["CustomGradient-of-another-make"]["type"] is known
    monkeypatch.delattr(ops, "gradient_registry")
    free_models()
