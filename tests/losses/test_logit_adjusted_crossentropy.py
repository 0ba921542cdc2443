import keras
import numpy as np
import pytest
from keras import ops
from scipy.special import log_softmax, softmax

from kerasrecipes import Recipe
from kerasrecipes.losses import LogitAdjustedCrossentropy
from kerasrecipes.models import with_logit_adjustment
from kerasrecipes.training.building.compile import compile_arguments

RNG = np.random.default_rng(0)
LOGITS = RNG.normal(size=(6, 4)).astype("float32")
LABELS = np.array([0, 1, 2, 3, 1, 2])
SOFT = RNG.dirichlet(np.ones(4), 6).astype("float32")
COUNTS = [500, 40, 9, 1]


def reference(labels, tau=1.0, smoothing=0.0):
    labels = np.eye(4)[labels] if labels.ndim == 1 else labels
    labels = (1 - smoothing) * labels + smoothing / 4
    shifted = LOGITS.astype("float64") + tau * np.log(np.array(COUNTS) / 550)
    return -(labels * log_softmax(shifted, -1)).sum(-1)


@pytest.mark.parametrize("labels", [LABELS, LABELS[:, None], SOFT])
def test_the_formula(labels):
    loss = LogitAdjustedCrossentropy(COUNTS, tau=1.5, label_smoothing=0.1, reduction=None)
    flat = labels[:, 0] if labels.shape == (6, 1) else labels
    received = ops.convert_to_numpy(loss(labels, LOGITS))
    np.testing.assert_allclose(received, reference(flat, 1.5, 0.1), rtol=1e-5)
    again = keras.saving.deserialize_keras_object(keras.saving.serialize_keras_object(loss))
    assert again.get_config() == loss.get_config()
    np.testing.assert_array_equal(ops.convert_to_numpy(again(labels, LOGITS)), received)


@pytest.mark.backend_neutral
@pytest.mark.parametrize("mixed", [False, True])
def test_a_recipe_gives_it_the_training_images_of_each_class(mixed):
    recipe = Recipe(data="Digits", model="MLP", loss="LogitAdjustedCrossentropy")
    loss = compile_arguments(recipe, "abcd", mixed, COUNTS)["loss"]
    assert float(loss(LABELS, LOGITS)) == pytest.approx(reference(LABELS).mean(), rel=1e-5)
    if mixed:
        assert float(loss(SOFT, LOGITS)) == pytest.approx(reference(SOFT).mean(), rel=1e-5)
    for other in ({"class_weight": "balanced"}, {"sampling": "PowerSampling"}):
        with pytest.raises(ValueError, match="two of them would correct twice"):
            recipe.replace(other)
    own = recipe.replace({"loss.priors": [1, 1, 1, 1], "class_weight": "balanced"})
    loss = compile_arguments(own, "abcd", mixed, COUNTS)["loss"]
    plain = -log_softmax(LOGITS, -1)[np.arange(6), LABELS].mean()
    assert float(loss(LABELS, LOGITS)) == pytest.approx(plain, rel=1e-5)


def test_afterwards_the_same_is_taken_off_and_stays_in_the_file(tmp_path):
    model = keras.Sequential([keras.Input((4,)), keras.layers.Dense(4, name="logits")])
    adjusted = with_logit_adjustment(model, COUNTS, tau=0.5)
    images = RNG.normal(size=(5, 4)).astype("float32")
    logits = model.predict(images, verbose=0)
    # Bayes: probabilities divided by priors, to the power of tau.
    divided = softmax(logits.astype("float64"), -1) / (np.array(COUNTS) / 550) ** 0.5
    expected = divided / divided.sum(-1, keepdims=True)
    found = softmax(adjusted.predict(images, verbose=0), -1)
    np.testing.assert_allclose(found, expected, rtol=1e-4)
    adjusted.save(tmp_path / "adjusted.keras")
    again = keras.saving.load_model(tmp_path / "adjusted.keras", compile=False)
    (loaded,) = keras.tree.flatten(again.predict(images, verbose=0))
    np.testing.assert_allclose(softmax(loaded, -1), expected, rtol=1e-4)


@pytest.mark.backend_neutral
@pytest.mark.parametrize(
    "make", [LogitAdjustedCrossentropy, lambda p: with_logit_adjustment(None, p)]
)
@pytest.mark.parametrize(
    ("priors", "message"),
    [([3, 0], "an image in training.*0 for class 1"), ([3], "two classes"), ([1, -1], "positive")],
)
def test_priors_are_positive(make, priors, message):
    with pytest.raises(ValueError, match=message):
        make(priors)


@pytest.mark.backend_neutral
def test_what_does_not_fit_is_said():
    with pytest.raises(ValueError, match="only in a recipe they are known"):
        LogitAdjustedCrossentropy()(LABELS, LOGITS)
    with pytest.raises(ValueError, match="each of the 4 classes. Received: 2"):
        LogitAdjustedCrossentropy([1, 2])(LABELS, LOGITS)
    with pytest.raises(ValueError, match="`tau` must be a number of at least 0"):
        LogitAdjustedCrossentropy([1, 2], tau=-1)
    softmaxed = keras.Sequential([keras.Input((4,)), keras.layers.Dense(2, "softmax")])
    with pytest.raises(ValueError, match="must not end in a softmax"):
        with_logit_adjustment(softmaxed, [1, 2])
