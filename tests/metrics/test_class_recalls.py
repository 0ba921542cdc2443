"""Balanced accuracy and the worst class's recall, against scikit-learn."""

import keras
import numpy as np
import pytest
from sklearn.metrics import balanced_accuracy_score, recall_score

from kerasrecipes import Recipe, use
from kerasrecipes.callbacks.monitored import better_in
from kerasrecipes.metrics import BalancedAccuracy, WorstClassRecall
from kerasrecipes.training.building.compile import compile_arguments

RNG = np.random.default_rng(0)
LABELS = RNG.choice(5, 200, p=[0.6, 0.2, 0.15, 0.05, 0])  # The last class has no samples.
LOGITS = RNG.normal(size=(200, 5)).astype("float32") + np.eye(5)[LABELS]
WEIGHTS = RNG.uniform(0, 3, 200).astype("float32")


def worst(labels, predicted, **options):
    present = np.unique(labels)
    return recall_score(labels, predicted, labels=present, average=None, **options).min()


CASES = {BalancedAccuracy: balanced_accuracy_score, WorstClassRecall: worst}


def result_of(metric, *batches):
    for batch in batches:
        metric.update_state(*batch)
    return float(metric.result())


@pytest.mark.filterwarnings("ignore:y_pred contains classes not in y_true")
@pytest.mark.parametrize("kind", CASES)
def test_batches_labels_and_weights_give_what_scikit_learn_gives(kind):
    peer = CASES[kind]
    metric, expected = kind(), peer(LABELS, LOGITS.argmax(-1))
    assert float(metric.result()) == 0
    parts = [(LABELS[part], LOGITS[part]) for part in (slice(0, 150), slice(150, 200))]
    assert result_of(metric, *parts) == pytest.approx(expected, abs=1e-6)
    metric.reset_state()
    assert float(metric.result()) == 0
    soft = np.eye(5)[LABELS]
    assert result_of(metric, (soft, LOGITS)) == pytest.approx(expected, abs=1e-6)
    weighted = peer(LABELS, LOGITS.argmax(-1), sample_weight=WEIGHTS)
    assert result_of(kind(), (LABELS, LOGITS, WEIGHTS)) == pytest.approx(weighted, abs=1e-6)
    single = LOGITS[:, 0]
    expected = peer(LABELS % 2, single > 0.2)
    assert result_of(kind(threshold=0.2), (LABELS % 2, single)) == pytest.approx(expected, abs=1e-6)


@pytest.mark.backend_neutral
@pytest.mark.parametrize("kind", CASES)
def test_a_recipe_can_monitor_it(kind):
    name = {BalancedAccuracy: "balanced_accuracy", WorstClassRecall: "worst_class_recall"}[kind]
    recipe = Recipe(data="Digits", model="MLP", metrics=[use(kind.__name__)], monitor=f"val_{name}")
    model = keras.Sequential([keras.Input((5,)), keras.layers.Dense(5)])
    model.compile("sgd", **compile_arguments(recipe, list("abcde")))
    model.evaluate(LOGITS, LABELS, verbose=0)
    assert better_in(model, recipe.monitor, "auto") == "max"
    again = keras.saving.deserialize_keras_object(keras.saving.serialize_keras_object(kind(0.3)))
    assert (type(again), again.threshold, again.name) == (kind, 0.3, name)
