"""What Keras's own classes compute, for the techniques that docs/techniques.md leaves to Keras.

Each test holds a class to the formula that is taught, or pins down where Keras differs from it.
"""

import keras
import numpy as np
import pytest
from keras import ops

from kerasrecipes import Recipe
from kerasrecipes.recipe import registry
from kerasrecipes.training.building.build import build_recipe

GRADIENTS = np.random.default_rng(0).normal(size=(6, 4)).astype("float32")


def _weights(optimizer, gradients=GRADIENTS):
    """Returns the weights after each step from zero."""
    w = keras.Variable(np.zeros(len(gradients[0])))
    weights = []
    for gradient in gradients:
        optimizer.apply([ops.convert_to_tensor(gradient)], [w])
        weights.append(ops.convert_to_numpy(w).copy())
    return np.array(weights)


def _moments(gradients, beta):
    """Returns the exponential moving averages from zero."""
    average, averages = 0.0, []
    for gradient in gradients:
        average = beta * average + (1 - beta) * gradient
        averages.append(average)
    return np.array(averages)


def _rates(schedule, steps):
    return np.array([float(schedule(step)) for step in steps])


def _images(shape=(2, 6, 6, 3)):
    return np.random.default_rng(1).integers(0, 256, shape).astype("float32")


# Optimizers


def test_sgd_subtracts_the_gradient_times_the_learning_rate():
    expected = -0.1 * np.cumsum(GRADIENTS, axis=0)
    np.testing.assert_allclose(_weights(keras.optimizers.SGD(0.1)), expected, rtol=1e-5)


def test_a_batch_of_all_images_is_one_step_an_epoch():
    recipe = Recipe(data="Digits", model="MLP", batch_size="all", epochs=3)
    dataset = recipe.data.build("data").load()
    built = build_recipe(recipe, dataset)
    assert (built.batch_size, built.length.total_steps) == (len(dataset.train), 3)


def test_nesterov_takes_the_gradient_where_momentum_leads():
    """Keras stores the point ahead: v = rho v - lr g; w += rho v - lr g."""
    rho, rate, velocity, w, expected = 0.9, 0.1, 0.0, 0.0, []
    for gradient in GRADIENTS:
        velocity = rho * velocity - rate * gradient
        w = w + rho * velocity - rate * gradient
        expected.append(w)
    weights = _weights(keras.optimizers.SGD(rate, momentum=rho, nesterov=True))
    np.testing.assert_allclose(weights, expected, rtol=1e-5)


def test_adagrad_starts_at_a_tenth_with_epsilon_under_the_root():
    sums = 0.1 + np.cumsum(GRADIENTS**2, axis=0)
    expected = -np.cumsum(0.5 * GRADIENTS / np.sqrt(sums + 1e-2), axis=0)
    weights = _weights(keras.optimizers.Adagrad(0.5, epsilon=1e-2))
    np.testing.assert_allclose(weights, expected, rtol=1e-4)


def test_rmsprop_averages_squares_with_epsilon_under_the_root():
    squares = _moments(GRADIENTS**2, 0.9)
    expected = -np.cumsum(0.1 * GRADIENTS / np.sqrt(squares + 1e-2), axis=0)
    weights = _weights(keras.optimizers.RMSprop(0.1, rho=0.9, epsilon=1e-2))
    np.testing.assert_allclose(weights, expected, rtol=1e-4)


def test_adam_corrects_its_bias_and_adds_epsilon_to_the_uncorrected_root():
    t = np.arange(1, 7)[:, None]
    rate = 0.1 * np.sqrt(1 - 0.999**t) / (1 - 0.9**t)
    m, v = _moments(GRADIENTS, 0.9), _moments(GRADIENTS**2, 0.999)
    expected = -np.cumsum(rate * m / (np.sqrt(v) + 1e-2), axis=0)
    weights = _weights(keras.optimizers.Adam(0.1, epsilon=1e-2))
    np.testing.assert_allclose(weights, expected, rtol=1e-4)


def test_adam_s_first_step_on_a_small_gradient_is_shorter_than_the_learning_rate():
    first = _weights(keras.optimizers.Adam(1e-3), [np.array([1e-4], "float32")])
    np.testing.assert_allclose(first, [[-0.000969]], atol=5e-7)


def test_amsgrad_divides_by_the_greatest_second_moment():
    gradients = GRADIENTS * np.array([4, 1, 1, 1, 1, 1], "float32")[:, None]
    t = np.arange(1, 7)[:, None]
    rate = 0.1 * np.sqrt(1 - 0.9**t) / (1 - 0.9**t)
    m = _moments(gradients, 0.9)
    greatest = np.maximum.accumulate(_moments(gradients**2, 0.9))
    expected = -np.cumsum(rate * m / (np.sqrt(greatest) + 1e-7), axis=0)
    weights = _weights(keras.optimizers.Adam(0.1, beta_2=0.9, amsgrad=True), gradients)
    np.testing.assert_allclose(weights, expected, rtol=1e-4)


@pytest.mark.parametrize(
    "name", ["SGD", "RMSprop", "Adam", "Adadelta", "Adagrad", "Adamax", "Nadam", "Ftrl"]
)
def test_the_optimizers_that_come_with_keras_go_downhill(name):
    optimizer = registry.resolve(name, "optimizer")(learning_rate=0.1)
    assert type(optimizer).__module__.startswith("keras.")
    up = np.ones((1, 4), "float32")
    assert (_weights(optimizer, up) < 0).all()


def test_weight_decay_is_decoupled_and_scaled_by_the_learning_rate():
    w = keras.Variable([2.0])
    keras.optimizers.SGD(0.1, weight_decay=0.5).apply([ops.zeros(1)], [w])
    np.testing.assert_allclose(ops.convert_to_numpy(w), [2 - 0.1 * 0.5 * 2], rtol=1e-6)


# Schedules and stopping


def test_a_float_is_a_constant_learning_rate():
    np.testing.assert_allclose(
        _weights(keras.optimizers.SGD(0.1), np.ones((100, 1), "float32"))[-1], [-10], rtol=1e-5
    )


def test_exponential_decay_is_e_to_minus_k_t():
    schedule = keras.optimizers.schedules.ExponentialDecay(0.1, decay_steps=50, decay_rate=0.2)
    k, steps = -np.log(0.2) / 50, np.arange(0, 200, 7)
    np.testing.assert_allclose(_rates(schedule, steps), 0.1 * np.exp(-k * steps), rtol=1e-5)


def test_inverse_time_decay_is_one_over_one_plus_k_t():
    schedule = keras.optimizers.schedules.InverseTimeDecay(0.1, decay_steps=50, decay_rate=2)
    k, steps = 2 / 50, np.arange(0, 200, 7)
    np.testing.assert_allclose(_rates(schedule, steps), 0.1 / (1 + k * steps), rtol=1e-5)


@pytest.mark.parametrize("end", [0.0, 0.001])
def test_polynomial_decay_of_power_one_is_linear(end):
    schedule = keras.optimizers.schedules.PolynomialDecay(0.1, 50, end_learning_rate=end)
    steps = np.arange(0, 80, 7)
    done = np.minimum(steps / 50, 1)
    expected = (1 - done) * 0.1 + done * end
    np.testing.assert_allclose(_rates(schedule, steps), expected, rtol=1e-5, atol=1e-9)


def test_cosine_decay_is_half_a_wave():
    schedule = keras.optimizers.schedules.CosineDecay(0.1, 50)
    steps = np.arange(51)
    expected = 0.5 * 0.1 * (1 + np.cos(np.pi * steps / 50))
    np.testing.assert_allclose(_rates(schedule, steps), expected, rtol=1e-4, atol=1e-8)


def test_cosine_decay_warms_up_in_a_line():
    schedule = keras.optimizers.schedules.CosineDecay(
        0.01, decay_steps=50, warmup_target=0.1, warmup_steps=10
    )
    expected = np.linspace(0.01, 0.1, 11)
    np.testing.assert_allclose(_rates(schedule, range(11)), expected, rtol=1e-5)


def test_warm_restarts_come_after_periods_that_double():
    """SGDR, equation 5, with T_0 = 10 and T_mult = 2."""
    schedule = keras.optimizers.schedules.CosineDecayRestarts(0.1, 10, t_mul=2.0)
    steps = np.arange(69)
    starts = np.array([0, 10, 30])[np.searchsorted([10, 30], steps, side="right")]
    lengths = np.array([10, 20, 40])[np.searchsorted([10, 30], steps, side="right")]
    expected = 0.05 * (1 + np.cos(np.pi * (steps - starts) / lengths))
    np.testing.assert_allclose(_rates(schedule, steps), expected, rtol=1e-3, atol=1e-7)


def test_early_stopping_waits_for_patience_and_takes_the_best_weights_back():
    model = keras.Sequential([keras.Input((1,)), keras.layers.Dense(1, use_bias=False)])
    model.compile("sgd", "mse")
    early = keras.callbacks.EarlyStopping("val_loss", patience=2, restore_best_weights=True)
    early.set_model(model)
    early.on_train_begin()
    epochs = 0
    for epoch, loss in enumerate([3.0, 1.0, 2.0, 1.5, 0.5]):
        model.layers[0].kernel.assign([[float(epoch)]])
        early.on_epoch_end(epoch, {"val_loss": loss})
        epochs += 1
        if model.stop_training:
            break
    early.on_train_end()
    assert epochs == 4
    assert float(ops.squeeze(model.layers[0].kernel)) == 1


# Regularization


@pytest.mark.parametrize("factor", [0.0, 0.01, 0.1])
def test_the_loss_is_that_of_the_data_plus_the_penalty(factor):
    layer = keras.layers.Dense(1, kernel_regularizer=keras.regularizers.L2(factor))
    model = keras.Sequential([keras.Input((2,)), layer])
    model.compile("sgd", "mse")
    x, y = np.ones((4, 2), "float32"), np.zeros((4, 1), "float32")
    kernel = ops.convert_to_numpy(layer.kernel)
    data = np.mean((model.predict(x, verbose=0) - y) ** 2)
    loss = model.evaluate(x, y, verbose=0)
    np.testing.assert_allclose(loss, data + factor * np.sum(kernel**2), rtol=1e-5)


def test_penalties_of_the_elastic_net_and_its_parts():
    """L2(l) is l w^2, of gradient 2 l w: half a lambda of the form 1/2 lambda w^2."""
    w = np.array([3.0, -1.0, 0.5], "float32")
    l1, l2, both = (
        float(regularizer(ops.array(w)))
        for regularizer in (
            keras.regularizers.L1(0.1),
            keras.regularizers.L2(0.1),
            keras.regularizers.L1L2(l1=0.1, l2=0.1),
        )
    )
    np.testing.assert_allclose([l1, l2], [0.1 * 4.5, 0.1 * 10.25], rtol=1e-6)
    np.testing.assert_allclose(both, l1 + l2, rtol=1e-6)


def test_the_gradient_of_l2_is_twice_its_factor():
    layer = keras.layers.Dense(1, use_bias=False, kernel_regularizer=keras.regularizers.L2(0.1))
    model = keras.Sequential([keras.Input((1,)), layer])
    layer.kernel.assign([[2.0]])
    model.compile(keras.optimizers.SGD(1.0), loss=lambda y, prediction: 0.0 * prediction)
    model.fit(np.ones((1, 1)), np.ones((1, 1)), verbose=0)
    w = ops.convert_to_numpy(layer.kernel)
    np.testing.assert_allclose(w, [[2 - 2 * 0.1 * 2]], rtol=1e-6)


def test_dropout_is_inverted_and_its_rate_is_what_it_drops():
    x = np.ones((200, 500), "float32")
    dropped = ops.convert_to_numpy(keras.layers.Dropout(0.2, seed=1)(x, training=True))
    np.testing.assert_allclose(np.unique(dropped), [0, 1 / 0.8], rtol=1e-6)
    assert np.mean(dropped == 0) == pytest.approx(0.2, abs=0.01)  # 8 standard errors
    np.testing.assert_array_equal(keras.layers.Dropout(0.2)(x, training=False), x)


def test_gaussian_noise_is_added_in_training_only():
    x = np.full((100, 1000), 5.0, "float32")
    layer = keras.layers.GaussianNoise(0.5, seed=1)
    noise = ops.convert_to_numpy(layer(x, training=True)) - x
    assert noise.mean() == pytest.approx(0, abs=0.01)
    assert noise.std() == pytest.approx(0.5, abs=0.01)
    np.testing.assert_array_equal(layer(x, training=False), x)


# Normalization


def test_batch_normalization_in_training_and_afterwards():
    """Statistics of the batch (biased); then moving averages of momentum 0.99, epsilon 1e-3."""
    x = np.random.default_rng(2).normal(3, 2, (8, 5, 5, 2)).astype("float32")
    layer = keras.layers.BatchNormalization()
    mean, variance = x.mean((0, 1, 2)), x.var((0, 1, 2))
    trained = ops.convert_to_numpy(layer(x, training=True))
    np.testing.assert_allclose(trained, (x - mean) / np.sqrt(variance + 1e-3), atol=1e-5)
    moving_mean, moving_variance = 0.01 * mean, 0.99 + 0.01 * variance
    tested = ops.convert_to_numpy(layer(x, training=False))
    expected = (x - moving_mean) / np.sqrt(moving_variance + 1e-3)
    np.testing.assert_allclose(tested, expected, atol=1e-4)


def test_batch_normalization_can_be_the_identity():
    x = np.random.default_rng(2).normal(3, 2, (64, 2)).astype("float32")
    layer = keras.layers.BatchNormalization()
    layer.build(x.shape)
    layer.gamma.assign(np.sqrt(x.var(0) + 1e-3))
    layer.beta.assign(x.mean(0))
    np.testing.assert_allclose(layer(x, training=True), x, atol=1e-5)


# Initialization


def test_a_constant_start_keeps_hidden_units_equal():
    model = keras.Sequential(
        [
            keras.Input((3,)),
            keras.layers.Dense(4, "tanh", kernel_initializer=keras.initializers.Constant(0.5)),
            keras.layers.Dense(1, kernel_initializer=keras.initializers.Constant(0.5)),
        ]
    )
    model.compile(keras.optimizers.SGD(0.1), "mse")
    rng = np.random.default_rng(3)
    model.fit(rng.normal(size=(32, 3)), rng.normal(size=(32, 1)), epochs=2, verbose=0)
    kernel = ops.convert_to_numpy(model.layers[0].kernel)
    assert np.abs(kernel - 0.5).max() > 1e-3
    np.testing.assert_allclose(kernel, np.repeat(kernel[:, :1], 4, axis=1), atol=1e-6)


def test_random_normal_is_untruncated():
    w = ops.convert_to_numpy(keras.initializers.RandomNormal(stddev=0.01, seed=1)((500, 500)))
    assert w.std() == pytest.approx(0.01, rel=0.01)
    assert np.abs(w).max() > 4 * 0.01


@pytest.mark.parametrize(
    ("initializer", "sigma", "truncated"),
    [
        (keras.initializers.VarianceScaling(1.0, "fan_in", "untruncated_normal", 1), 1, False),
        (keras.initializers.LecunNormal(seed=1), 1, True),
        (keras.initializers.HeNormal(seed=1), np.sqrt(2), True),
        (keras.initializers.GlorotNormal(seed=1), np.sqrt(2 / (1 + 2)), True),
    ],
)
def test_standard_deviation_by_fan_in(initializer, sigma, truncated):
    """randn / sqrt(fan_in) is LeCun's; Glorot's also counts fan_out, here twice fan_in."""
    w = ops.convert_to_numpy(initializer((400, 800))) * np.sqrt(400) / sigma
    assert w.std() == pytest.approx(1, rel=0.01)
    assert (np.abs(w).max() < 2.3) == truncated


def test_he_keeps_the_scale_of_relu_layers_and_its_inverse_does_not():
    rng = np.random.default_rng(4)
    x = inverted = rng.normal(size=(200, 500)).astype("float32")
    for seed in range(5):
        w = ops.convert_to_numpy(keras.initializers.HeNormal(seed=seed)((500, 500)))
        x = np.maximum(x @ w, 0)
        inverted = np.maximum(inverted @ (rng.normal(size=(500, 500)) / np.sqrt(2 / 500)), 0)
    assert np.sqrt(np.mean(x**2)) == pytest.approx(1, rel=0.2)
    assert inverted.std() > 1e10


# Activations


def test_sigmoid_and_tanh_saturate_and_relu_dies():
    z = np.linspace(-8, 8, 3201, dtype="float32")
    slopes = {
        name: np.gradient(ops.convert_to_numpy(getattr(keras.activations, name)(z)), z)
        for name in ("sigmoid", "tanh", "relu", "leaky_relu", "silu")
    }
    assert slopes["sigmoid"].max() == pytest.approx(0.25, abs=1e-3)
    assert slopes["tanh"].max() == pytest.approx(1, abs=1e-3)
    assert slopes["sigmoid"][0] < 1e-3
    assert slopes["tanh"][0] < 1e-3
    assert slopes["relu"][0] == 0
    assert slopes["relu"][-1] == pytest.approx(1, abs=1e-2)
    assert slopes["leaky_relu"][0] == pytest.approx(0.2, abs=1e-2)
    assert slopes["silu"][-1] == pytest.approx(1, abs=1e-2)


# Preprocessing and augmentation


def test_normalization_subtracts_the_mean_and_divides_by_the_deviation():
    x = _images((20, 4, 4, 3))
    layer = keras.layers.Normalization()
    layer.adapt(x)
    expected = (x - x.mean((0, 1, 2))) / x.std((0, 1, 2))
    np.testing.assert_allclose(layer(x), expected, atol=1e-4)


def test_normalization_with_variance_one_only_centres():
    x, mean = _images(), [120.0, 110.0, 100.0]
    layer = keras.layers.Normalization(mean=mean, variance=[1.0] * 3)
    np.testing.assert_allclose(layer(x), x - np.array(mean), rtol=1e-5)


def test_random_flip_mirrors_some_images_and_leaves_the_others():
    x = _images((64, 4, 4, 3))
    flipped = ops.convert_to_numpy(keras.layers.RandomFlip("horizontal", seed=1)(x, training=True))
    mirrored = [np.array_equal(a, b[:, ::-1]) for a, b in zip(flipped, x, strict=True)]
    same = [np.array_equal(a, b) for a, b in zip(flipped, x, strict=True)]
    assert sum(mirrored) + sum(same) == 64
    assert 16 <= sum(mirrored) <= 48  # 4 standard deviations


def test_random_contrast_scales_around_each_channel_s_mean():
    x = _images()
    layer = keras.layers.RandomContrast(0.5, value_range=(0, 255), seed=1)
    drawn = layer.get_random_transformation(x, training=True)
    factor = np.reshape(ops.convert_to_numpy(drawn["contrast_factor"]), (-1, 1, 1, 1))
    mean = x.mean((1, 2), keepdims=True)
    changed = ops.convert_to_numpy(layer.transform_images(x, drawn))
    np.testing.assert_allclose(changed, np.clip((x - mean) * factor + mean, 0, 255), atol=1e-2)


def test_random_brightness_shifts_each_image_by_one_value():
    x = np.full((8, 4, 4, 3), 128.0, "float32")
    layer = keras.layers.RandomBrightness(0.2, value_range=(0, 255), seed=1)
    shifts = ops.convert_to_numpy(layer(x, training=True)) - x
    assert np.ptp(shifts, axis=(1, 2, 3)).max() < 1e-3
    assert len(np.unique(shifts[:, 0, 0, 0])) == 8
    assert np.abs(shifts).max() <= 0.2 * 255


def test_random_rotation_by_a_quarter_turn():
    """Factors are fractions of a whole turn, anticlockwise."""
    x = _images()
    layer = keras.layers.RandomRotation((0.25, 0.25), interpolation="nearest")
    turned = ops.convert_to_numpy(layer(x, training=True))
    np.testing.assert_array_equal(turned, np.rot90(x, axes=(1, 2)))


def test_random_translation_moves_by_a_fraction_of_the_height():
    x = _images()
    layer = keras.layers.RandomTranslation(
        (0.5, 0.5), 0.0, fill_mode="constant", interpolation="nearest"
    )
    moved = ops.convert_to_numpy(layer(x, training=True))
    np.testing.assert_array_equal(moved[:, 3:], x[:, :3])
    assert not moved[:, :3].any()


def test_random_grayscale_gives_luma_in_every_channel():
    x = _images()
    grey = ops.convert_to_numpy(keras.layers.RandomGrayscale(factor=1.0)(x, training=True))
    luma = x @ np.array([0.2989, 0.5870, 0.1140])
    np.testing.assert_allclose(grey, np.repeat(luma[..., None], 3, axis=-1), rtol=1e-4)
