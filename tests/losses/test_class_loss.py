import keras
import numpy as np
import pytest
from keras import ops
from scipy.special import log_softmax

from kerasrecipes.losses import ClassLoss

LOGITS = np.random.default_rng(0).normal(size=(6, 4)).astype("float32")
LABELS = np.array([0, 1, 2, 3, 1, 2])
SOFT = np.random.default_rng(1).dirichlet(np.ones(4), 6).astype("float32")


def crossentropy(**options):
    return ClassLoss(keras.losses.CategoricalCrossentropy(from_logits=True, **options))


@pytest.mark.parametrize("labels", [LABELS, LABELS[:, None], LABELS.astype("float32")])
def test_integer_labels_give_the_sparse_loss(labels):
    expected = -log_softmax(LOGITS.astype("float64"), -1)[np.arange(6), LABELS].mean()
    np.testing.assert_allclose(float(crossentropy()(labels, LOGITS)), expected, rtol=1e-6)


def test_shares_give_the_sum_over_classes():
    expected = -(SOFT * log_softmax(LOGITS.astype("float64"), -1)).sum(-1)
    loss = crossentropy(reduction=None)
    np.testing.assert_allclose(ops.convert_to_numpy(loss(SOFT, LOGITS)), expected, rtol=1e-5)
    weights = np.arange(6, dtype="float32")
    received = ops.convert_to_numpy(loss(SOFT, LOGITS, sample_weight=weights))
    np.testing.assert_allclose(received, weights * expected, rtol=1e-5)
    assert float(crossentropy(reduction="sum")(SOFT, LOGITS)) == pytest.approx(expected.sum())


def test_config_and_name():
    loss = ClassLoss(keras.losses.CategoricalFocalCrossentropy(gamma=1.5, from_logits=True))
    assert loss.name == "categorical_focal_crossentropy"
    again = keras.saving.deserialize_keras_object(keras.saving.serialize_keras_object(loss))
    assert again.loss.get_config() == loss.loss.get_config()
    assert float(again(LABELS, LOGITS)) == float(loss(LABELS, LOGITS))
    assert ClassLoss(loss.loss, name="other", reduction="sum").get_config()["reduction"] == "sum"


def test_labels_of_another_shape_are_told():
    with pytest.raises(ValueError, match=r"must have shape \(batch,\), \(batch, 1\) or \(batch, 4"):
        crossentropy()(np.zeros((6, 3)), LOGITS)


def test_softmax_is_kept_in_the_config():
    loss = ClassLoss(keras.losses.KLDivergence(), softmax=True)
    again = keras.saving.deserialize_keras_object(keras.saving.serialize_keras_object(loss))
    expected = -log_softmax(LOGITS.astype("float64"), -1)[np.arange(6), LABELS].mean()
    assert float(again(LABELS, LOGITS)) == pytest.approx(expected, rel=1e-5)
