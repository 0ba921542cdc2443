import keras
import numpy as np
import pytest
from scipy.special import entr, expit, softmax

from kerasrecipes.layers import DropConnect, StochasticDepth, VanillaDropout
from kerasrecipes.models.surgery.monte_carlo_dropout import MonteCarloDropout

KERNEL = np.array([[1.0, -2.0, 0.5], [0.5, 1.0, -1.0]])
X = np.array([1.0, 2.0])


def two_inputs(rate=0.5):
    """Returns a network with four possible masks, which a test can enumerate."""
    model = keras.Sequential(
        [keras.Input((2,)), keras.layers.Dropout(rate), keras.layers.Dense(3, use_bias=False)]
    )
    model.set_weights([KERNEL])
    return model


def with_everything():
    """Returns a model with all kinds of dropout, an inner model, and other random layers."""
    inner = keras.Sequential(
        [
            keras.Input((4, 4, 2)),
            keras.layers.SpatialDropout2D(0.3),
            DropConnect(keras.layers.Conv2D(2, 3, padding="same"), 0.2),
            keras.layers.BatchNormalization(),
            StochasticDepth(0.2),
        ],
        name="inner",
    )
    images = keras.Input((4, 4, 2))
    x = keras.layers.GaussianNoise(1.0)(images)
    x = keras.layers.Flatten()(keras.layers.Add()([inner(x), x]))
    x = VanillaDropout(0.4, name="vanilla")(x)
    model = keras.Model(images, keras.layers.Dense(3)(x))
    generator = np.random.default_rng(1)
    model.set_weights([generator.uniform(0.1, 1.0, w.shape) for w in model.weights])
    return model


def images(n=6):
    return np.random.default_rng(0).normal(size=(n, 4, 4, 2)).astype("float32")


def state(model):
    return [keras.ops.convert_to_numpy(v).copy() for v in model.variables]


def test_the_mean_is_that_of_all_masks():
    """Compares within six standard errors: by chance, one comparison in 500 million fails."""
    masks = np.array([[0, 0], [0, 1], [1, 0], [1, 1]])
    exact = softmax(2 * masks * X @ KERNEL, axis=-1)
    n, samples = 4_000, 4
    prediction = MonteCarloDropout(two_inputs(), samples).predict(np.tile(X, (n, 1)), 1_000)
    error = 6 * exact.std(0) / np.sqrt(n * samples)
    assert (np.abs(prediction.mean.mean(0) - exact.mean(0)) < error).all()
    variances = prediction.standard_deviation**2
    error = 6 * variances.std(0) / np.sqrt(n)
    assert (np.abs(variances.mean(0) - exact.var(0)) < error).all()


def test_moments_and_entropies_equal_their_definitions():
    logits = np.random.default_rng(0).normal(scale=3, size=(3, 5, 4)).astype("float32")
    monte_carlo = MonteCarloDropout(two_inputs(), samples=3)

    class Network:
        draws = iter(logits)

        def predict(self, images, **options):
            return next(self.draws)

    monte_carlo.network = Network()
    prediction = monte_carlo.predict(None)
    p = softmax(logits.astype("float64"), axis=-1)
    mean = p.mean(0)
    entropy = -(mean * np.log(mean)).sum(-1)
    np.testing.assert_allclose(prediction.mean, mean)
    np.testing.assert_allclose(prediction.standard_deviation, p.std(0, ddof=1), rtol=1e-6)
    np.testing.assert_allclose(prediction.entropy, entropy)
    single = -(p * np.log(p)).sum(-1).mean(0)
    np.testing.assert_allclose(prediction.mutual_information, entropy - single)


def test_a_network_that_is_sure_has_no_entropy():
    model = two_inputs()
    model.set_weights([np.zeros((2, 3))])
    prediction = MonteCarloDropout(model, samples=2).predict(X[None])
    np.testing.assert_allclose(prediction.entropy, np.log(3))
    np.testing.assert_allclose(prediction.mutual_information, 0, atol=1e-12)
    np.testing.assert_allclose(prediction.standard_deviation, 0, atol=1e-7)


def test_only_dropout_is_in_training_mode_and_the_model_is_left_alone():
    model = with_everything()
    before, at_rest = state(model), model.predict(images(), verbose=0)
    monte_carlo = MonteCarloDropout(model, samples=2)
    of_copy = state(monte_carlo.network)
    prediction = monte_carlo.predict(images())
    assert (prediction.standard_deviation > 0).any()
    for ours, theirs in zip(state(model), before, strict=True):
        np.testing.assert_array_equal(ours, theirs)
    np.testing.assert_array_equal(model.predict(images(), verbose=0), at_rest)
    assert model.get_layer("vanilla").output is not None
    # The moving statistics do not change.
    floats = [v for v in of_copy if v.dtype == "float32"]
    after = [v for v in state(monte_carlo.network) if v.dtype == "float32"]
    for ours, theirs in zip(after, floats, strict=True):
        np.testing.assert_array_equal(ours, theirs)


def test_at_its_mildest_it_is_the_model():
    """With a dropout rate of almost 0, the prediction is that of the model in inference."""
    model = with_everything()
    for layer in [*model.layers, *model.get_layer("inner").layers]:
        if hasattr(layer, "rate"):
            layer.rate = 1e-9
    prediction = MonteCarloDropout(model, samples=2).predict(images())
    expected = softmax(model.predict(images(), verbose=0), axis=-1)
    np.testing.assert_allclose(prediction.mean, expected, atol=1e-5)


def test_the_seed_decides():
    model, x = two_inputs(), np.tile(X, (32, 1))
    first, second, other = (MonteCarloDropout(model, 2, seed=seed) for seed in (1, 1, 2))
    expected = first.predict(x).mean
    np.testing.assert_array_equal(first.predict(x).mean, expected)
    np.testing.assert_array_equal(second.predict(x).mean, expected)
    assert (other.predict(x).mean != expected).any()


def test_models_that_it_cannot_copy():
    plain = keras.Sequential([keras.Input((2,)), keras.layers.Dense(3)])
    with pytest.raises(ValueError, match="must have a dropout layer"):
        MonteCarloDropout(plain)
    with pytest.raises(ValueError, match="must have a dropout layer"):
        MonteCarloDropout(two_inputs(rate=0))

    class Subclassed(keras.Model):
        def call(self, inputs):
            return inputs

    with pytest.raises(ValueError, match="must be a functional or sequential model"):
        MonteCarloDropout(Subclassed())
    with pytest.raises(TypeError, match="must be a keras.Model"):
        MonteCarloDropout(keras.layers.Dense(2))


@pytest.mark.parametrize("samples", [0, 1])
def test_too_few_samples(samples):
    with pytest.raises(ValueError, match="`samples` must be an integer of at least 2"):
        MonteCarloDropout(two_inputs(), samples=samples)


def ending_in(activation, units=3, separate=False):
    """Returns `two_inputs` with other units and an activation, in the last layer or after it."""
    last = keras.layers.Dense(units, use_bias=False, activation=None if separate else activation)
    layers = [keras.Input((2,)), keras.layers.Dropout(0.5), last]
    if separate:
        layers.append(keras.layers.Activation(activation))
    model = keras.Sequential(layers)
    model.set_weights([KERNEL[:, :units]])
    return model


@pytest.mark.parametrize("nested", [False, True])
@pytest.mark.parametrize("separate", [False, True])
def test_a_model_that_ends_in_softmax_gives_its_own_probabilities(separate, nested):
    model = ending_in("softmax", separate=separate)
    if nested:
        inputs = keras.Input((2,))
        model = keras.Model(inputs, model(inputs))
    found = MonteCarloDropout(model, samples=50).predict(np.tile(X, (3000, 1)), 1000)
    masks = np.array([[0, 0], [0, 1], [1, 0], [1, 1]])
    exact = softmax(2 * masks * X @ KERNEL, axis=-1)
    np.testing.assert_allclose(found.mean.mean(0), exact.mean(0), atol=0.01)
    single = entr(exact).sum(-1).mean()
    np.testing.assert_allclose((found.entropy - found.mutual_information).mean(), single, atol=0.01)


@pytest.mark.parametrize("activation", [None, "sigmoid"])
def test_one_output_is_a_distribution_over_two_classes(activation):
    found = MonteCarloDropout(ending_in(activation, 1), 50).predict(np.tile(X, (3000, 1)), 1000)
    masks = np.array([[0, 0], [0, 1], [1, 0], [1, 1]])
    second = expit(2 * masks * X @ KERNEL[:, 0])
    mean = np.array([1 - second.mean(), second.mean()])
    np.testing.assert_allclose(found.mean.mean(0), mean, atol=0.01)
    np.testing.assert_allclose(found.entropy.mean(), entr(mean).sum(), atol=0.01)
    np.testing.assert_allclose(found.standard_deviation[:, 0], found.standard_deviation[:, 1])
    np.testing.assert_allclose(found.standard_deviation[:, 0].mean(), second.std(), atol=0.01)


def test_a_model_of_several_outputs_is_refused():
    inputs = keras.Input((2,))
    x = keras.layers.Dropout(0.5)(inputs)
    model = keras.Model(inputs, [keras.layers.Dense(3)(x), keras.layers.Dense(2)(x)])
    with pytest.raises(ValueError, match="must have one output.*Received: 2 outputs"):
        MonteCarloDropout(model)
    MonteCarloDropout(keras.Model(inputs, model.outputs[0]), samples=2).predict(X[None])


def test_what_is_returned_must_be_what_from_logits_says():
    with pytest.raises(ValueError, match="must be False for a model that returns probabilities"):
        MonteCarloDropout(ending_in("softmax"), from_logits=True).predict(X[None])
    with pytest.raises(ValueError, match="must return probabilities that add up to 1"):
        MonteCarloDropout(two_inputs(), from_logits=False).predict(X[None])
    with pytest.raises(ValueError, match="must return probabilities that add up to 1"):
        MonteCarloDropout(ending_in("sigmoid")).predict(X[None])
