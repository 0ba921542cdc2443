import keras
import numpy as np
import pytest
from scipy import stats

from kerasrecipes import Recipe
from kerasrecipes.data.dataset import Dataset
from kerasrecipes.data.split import ArraySplit
from kerasrecipes.layers import FancyPCA
from kerasrecipes.training.building.build import build_recipe
from tests.layers.augmentation.batches import augment, random_images, to_numpy

# A correct layer exceeds a bound for one seed in a million. The seeds are fixed.
FALSE_ALARM_RATE = 1e-6
COVARIANCE = np.array([[0.06, 0.05, 0.04], [0.05, 0.06, 0.05], [0.04, 0.05, 0.07]])


def shifts(layer, batch=20_000):
    images = np.zeros((batch, 1, 1, 3), "uint8")
    return to_numpy(layer.get_random_transformation(images)["shift"]).astype("float64")


def test_shifts_vary_as_the_square_of_the_covariance():
    drawn = shifts(FancyPCA(stddev=0.2, covariance=COVARIANCE, seed=0))
    # a ~ N(0, 0.04), shift = P L a: its covariance is 0.04 P L^2 P^T, the square of P L P^T.
    whitened = drawn @ np.linalg.inv(0.2 * COVARIANCE)
    for component in whitened.T:
        assert stats.kstest(component, "norm").pvalue > FALSE_ALARM_RATE
    bound = stats.norm.isf(FALSE_ALARM_RATE / 2) / np.sqrt(len(drawn))
    assert np.abs(np.corrcoef(whitened.T) - np.eye(3)).max() < bound
    assert abs(np.corrcoef(whitened[:-1, 0], whitened[1:, 0])[0, 1]) < bound


@pytest.mark.parametrize("value_range", [(0, 255), (0, 1), (-1, 1)])
def test_adapting_finds_the_training_set_s_covariance_on_0_to_1(value_range):
    low, high = value_range
    pixels = np.random.default_rng(0).random((30, 5, 4, 3)) @ np.linalg.cholesky(COVARIANCE * 9)
    layer = FancyPCA(value_range=value_range, seed=0)
    layer.adapt(batch for batch in np.split(low + (high - low) * pixels, 3))
    covariance = np.cov(pixels.reshape(-1, 3).T, bias=True)
    found = to_numpy(layer.components).astype("float64")
    np.testing.assert_allclose(found @ found.T, covariance @ covariance, atol=1e-7)
    whole = FancyPCA(value_range=value_range)
    whole.adapt(low + (high - low) * pixels)
    np.testing.assert_allclose(to_numpy(whole.components), found, atol=1e-7)


@pytest.mark.parametrize(("dtype", "value_range"), [("uint8", (0, 255)), ("float32", (-1, 1))])
def test_every_pixel_of_an_image_gets_the_same_shift(dtype, value_range):
    low, high = value_range
    fractions = 0.4 + 0.2 * random_images((3, 4, 5, 3)) / 255
    images = (low + (high - low) * fractions).astype(dtype)
    layer = FancyPCA(covariance=COVARIANCE.tolist(), value_range=value_range)
    drawn = layer.get_random_transformation(images, seed=keras.random.SeedGenerator(1))
    received = to_numpy(layer.transform_images(images, drawn))
    shift = to_numpy(drawn["shift"])[:, None, None]
    expected = images + (high - low) * shift.astype("float64")
    np.testing.assert_allclose(received, expected, atol=0.51 if dtype == "uint8" else 1e-5)


def test_what_it_adapted_to_is_saved(tmp_path):
    layer = FancyPCA(seed=3, name="pca")
    layer.adapt(random_images((4, 5, 5, 3)))
    inputs = keras.Input((5, 5, 3))
    keras.Model(inputs, layer(inputs)).save(tmp_path / "model.keras")
    loaded = keras.saving.load_model(tmp_path / "model.keras", safe_mode=True).get_layer("pca")
    images = random_images((4, 5, 5, 3))
    np.testing.assert_array_equal(augment(loaded, images), augment(layer, images))


def test_a_recipe_adapts_it_to_the_training_split():
    images = random_images((40, 8, 8, 3))
    split = ArraySplit(images, np.arange(40, dtype="int32") % 2)
    recipe = Recipe(data="Digits", augment=["FancyPCA"], model="MLP", optimizer="SGD", epochs=1)
    built = build_recipe(recipe, Dataset(split, split, None, ("a", "b"), (8, 8, 3), source="noise"))
    expected = FancyPCA()
    expected.adapt(images)
    components = [to_numpy(layer.components) for layer in (built.augment[0], expected)]
    np.testing.assert_allclose(*components, atol=1e-7)


def test_without_a_covariance():
    with pytest.raises(ValueError, match=r"needs `covariance`, or `adapt\(images\)`"):
        FancyPCA()(np.zeros((1, 4, 4, 3), "uint8"))


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"stddev": -1}, "`stddev` must be a number of at least 0"),
        ({"covariance": [[1, 0], [0, 1]]}, "`covariance` must be a symmetric 3x3"),
        ({"covariance": [[1, 2, 0], [2, 1, 0], [0, 0, 1]]}, "without negative eigenvalues"),
    ],
)
def test_arguments_out_of_range(options, message):
    with pytest.raises(ValueError, match=message):
        FancyPCA(**options)


@pytest.mark.parametrize("data", [np.zeros((4, 5, 5, 1)), np.zeros((5, 5, 3))])
def test_what_is_no_colour_image_is_refused(data):
    with pytest.raises(ValueError, match=r"must be images of shape \(samples, height, width, 3\)"):
        FancyPCA().adapt(data)
    with pytest.raises(ValueError, match="at least one image"):
        FancyPCA().adapt([])
