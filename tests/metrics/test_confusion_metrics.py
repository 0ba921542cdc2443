"""Cohen's kappa and Matthews' correlation, against definitions and scikit-learn."""

import keras
import numpy as np
import pytest
from sklearn.metrics import cohen_kappa_score, matthews_corrcoef

from kerasrecipes import Recipe, use
from kerasrecipes.callbacks.monitored import better_in
from kerasrecipes.metrics import ClassMetric, CohenKappa, MatthewsCorrelation
from kerasrecipes.training.building.compile import compile_arguments
from tests.references import metrics as references

RNG = np.random.default_rng(0)
CLASSES = 4
LABELS = RNG.choice(CLASSES, 200, p=[0.6, 0.2, 0.15, 0.05])
LOGITS = RNG.normal(size=(200, CLASSES)).astype("float32") + np.eye(CLASSES)[LABELS]
PREDICTED = LOGITS.argmax(-1)


# A metric, its reference, and the peer.
CASES = {
    f"kappa {weighting}": (
        lambda weighting=weighting, **o: CohenKappa(weighting, **o),
        lambda y, p, n, weighting=weighting, **o: references.cohen_kappa(y, p, n, weighting, **o),
        lambda y, p, weighting=weighting, **o: cohen_kappa_score(y, p, weights=weighting, **o),
    )
    for weighting in (None, "linear", "quadratic")
}
CASES["matthews"] = (MatthewsCorrelation, references.matthews_correlation, matthews_corrcoef)


def result_of(metric, *batches):
    for batch in batches:
        metric.update_state(*batch)
    return float(metric.result())


@pytest.mark.parametrize("name", CASES)
def test_batches_give_what_the_definition_and_scikit_learn_give(name):
    make, reference, peer = CASES[name]
    expected = reference(LABELS, PREDICTED, CLASSES)
    assert peer(LABELS, PREDICTED) == pytest.approx(expected, abs=1e-12)
    metric = make()
    assert float(metric.result()) == 0
    parts = [(LABELS[part], LOGITS[part]) for part in (slice(0, 150), slice(150, 200))]
    assert result_of(metric, *parts) == pytest.approx(expected, abs=1e-5)
    metric.reset_state()
    assert float(metric.result()) == 0


@pytest.mark.parametrize("name", CASES)
def test_labels_of_any_form_and_weights(name):
    make, reference, peer = CASES[name]
    for labels in (LABELS[:, None], np.eye(CLASSES)[LABELS], LABELS.astype("float32")):
        expected = reference(LABELS, PREDICTED, CLASSES)
        assert result_of(make(), (labels, LOGITS)) == pytest.approx(expected, abs=1e-5)
    weights = RNG.uniform(0, 3, 200).astype("float32")
    expected = reference(LABELS, PREDICTED, CLASSES, weights=weights)
    assert peer(LABELS, PREDICTED, sample_weight=weights) == pytest.approx(expected, abs=1e-6)
    for shaped in (weights, weights[:, None]):
        assert result_of(make(), (LABELS, LOGITS, shaped)) == pytest.approx(expected, abs=1e-5)


@pytest.mark.parametrize("name", CASES)
@pytest.mark.parametrize("shape", [(-1,), (-1, 1)])
def test_predictions_of_a_single_number(name, shape):
    make, reference, _ = CASES[name]
    labels, outputs = LABELS % 2, RNG.normal(size=200).astype("float32")
    for threshold in (0.5, 0.0):
        expected = reference(labels, (outputs > threshold).astype(int), 2)
        batch = labels.reshape(shape), outputs.reshape(shape)
        assert result_of(make(threshold=threshold), batch) == pytest.approx(expected, abs=1e-5)


@pytest.mark.parametrize("name", CASES)
def test_extremes(name):
    make = CASES[name][0]
    certain = 9 * np.eye(CLASSES)
    assert result_of(make(), (LABELS, certain[LABELS])) == pytest.approx(1, abs=1e-6)
    # One class is predicted for all: no agreement beyond chance.
    assert result_of(make(), (LABELS, certain[0 * LABELS])) == pytest.approx(0, abs=1e-6)
    # One class is all there is: undefined.
    assert result_of(make(), (0 * LABELS, certain[0 * LABELS])) == 0
    two = np.array([0, 1] * 50)
    opposite = result_of(make(), (two, np.eye(2)[1 - two]))
    assert opposite == pytest.approx(-1, abs=1e-6)


@pytest.mark.parametrize("name", CASES)
def test_many_samples_and_half_precision(name):
    make, reference, _ = CASES[name]
    metric, repeats = make(), 1000
    weight = np.full(200, repeats, "float32")
    expected = reference(LABELS, PREDICTED, CLASSES)
    batches = [(LABELS, LOGITS, weight)] * 10  # As 2 million samples.
    assert result_of(metric, *batches) == pytest.approx(expected, abs=1e-5)
    half = LOGITS.astype("float16")
    expected = reference(LABELS, half.argmax(-1), CLASSES)
    assert result_of(make(), (LABELS, half)) == pytest.approx(expected, abs=1e-5)


@pytest.mark.parametrize("name", CASES)
def test_survives_serialization(name):
    metric = CASES[name][0](threshold=0.25, name="score")
    again = keras.saving.deserialize_keras_object(keras.saving.serialize_keras_object(metric))
    assert again.get_config() == metric.get_config()
    assert type(again) is type(metric)
    assert result_of(again, (LABELS, LOGITS)) == result_of(metric, (LABELS, LOGITS))


@pytest.mark.parametrize("name", CASES)
def test_is_logged_by_fit_and_known_to_be_better_when_larger(name, tmp_path):
    make, reference, _ = CASES[name]
    model = keras.Sequential([keras.Input((CLASSES,)), keras.layers.Dense(CLASSES)])
    loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
    model.compile("sgd", loss, metrics=[make(name="score")])
    history = model.fit(LOGITS, LABELS, validation_data=(LOGITS, LABELS), verbose=0).history
    predicted = model.predict(LOGITS, verbose=0).argmax(-1)
    expected = reference(LABELS, predicted, CLASSES)
    assert history["val_score"][0] == pytest.approx(expected, abs=1e-5)
    assert better_in(model, "val_score", "auto") == "max"
    model.save(tmp_path / "model.keras")
    again = keras.saving.load_model(tmp_path / "model.keras")
    scores = again.evaluate(LOGITS, LABELS, verbose=0, return_dict=True)
    assert scores["score"] == pytest.approx(expected, abs=1e-5)


@pytest.mark.parametrize("mixed", [False, True])
def test_a_recipe_gives_it_labels_as_it_needs_them(mixed):
    recipe = Recipe(
        data="Digits",
        model="MLP",
        metrics=[use("CohenKappa", weighting="linear"), "MatthewsCorrelation"],
    )
    kappa, matthews = compile_arguments(recipe, list("abcd"), mixed)["metrics"]
    assert isinstance(kappa, ClassMetric) == mixed
    expected = references.cohen_kappa(LABELS, PREDICTED, CLASSES, "linear")
    labels = np.eye(CLASSES)[LABELS] if mixed else LABELS
    assert result_of(kappa, (labels, LOGITS)) == pytest.approx(expected, abs=1e-5)
    expected = references.matthews_correlation(LABELS, PREDICTED, CLASSES)
    assert result_of(matthews, (labels, LOGITS)) == pytest.approx(expected, abs=1e-5)


def test_arguments_are_checked():
    with pytest.raises(ValueError, match="`weighting` must be one of None, 'linear', 'quadratic'"):
        CohenKappa("cubic")
    with pytest.raises(TypeError, match="`threshold` must be a number"):
        MatthewsCorrelation(threshold=None)
