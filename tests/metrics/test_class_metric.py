import keras
import numpy as np
import pytest
from sklearn.metrics import f1_score, recall_score

from kerasrecipes.metrics import ClassMetric

RNG = np.random.default_rng(0)
LABELS = RNG.integers(0, 4, 200)
LOGITS = RNG.normal(size=(200, 4)).astype("float32") + 2 * np.eye(4, dtype="float32")[LABELS]


def test_f1_of_every_class_equals_scikit_learn_s():
    metric = ClassMetric(keras.metrics.F1Score(), class_names=["a", "b", "c", "d"])
    for part in (slice(0, 150), slice(150, 200)):
        metric.update_state(LABELS[part], LOGITS[part])
    expected = f1_score(LABELS, LOGITS.argmax(-1), average=None)
    result = {name: float(value) for name, value in metric.result().items()}
    assert result == pytest.approx(
        dict(zip(["f1_score_a", "f1_score_b", "f1_score_c", "f1_score_d"], expected, strict=True))
    )


def test_one_hot_labels_and_column_labels_give_the_same():
    results = []
    for labels in (LABELS, LABELS[:, None], np.eye(4)[LABELS]):
        metric = ClassMetric(keras.metrics.F1Score(average="macro"))
        metric.update_state(labels, LOGITS)
        results.append(float(metric.result()))
    assert results == pytest.approx([f1_score(LABELS, LOGITS.argmax(-1), average="macro")] * 3)


def test_recall_is_of_probabilities_not_of_logits():
    metric = ClassMetric(keras.metrics.Recall(class_id=2))
    metric.update_state(LABELS, LOGITS)
    shifted = np.exp(LOGITS - LOGITS.max(-1, keepdims=True))
    likely = shifted[:, 2] / shifted.sum(-1) > 0.5
    assert float(metric.result()) == pytest.approx(recall_score(LABELS == 2, likely))


def test_trains_and_logs_one_number_a_class():
    model = keras.Sequential([keras.Input((4,)), keras.layers.Dense(4)])
    loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
    model.compile("sgd", loss, metrics=[ClassMetric(keras.metrics.F1Score(), list("abcd"))])
    history = model.fit(LOGITS, LABELS, validation_data=(LOGITS, LABELS), verbose=0).history
    assert {"f1_score_a", "f1_score_d", "val_f1_score_b"} <= set(history)


def test_survives_serialization():
    metric = ClassMetric(keras.metrics.F1Score(average="macro"), name="f1")
    again = keras.saving.deserialize_keras_object(keras.saving.serialize_keras_object(metric))
    for one in (metric, again):
        one.update_state(LABELS, LOGITS)
    assert again.name == "f1"
    assert float(again.result()) == float(metric.result())
