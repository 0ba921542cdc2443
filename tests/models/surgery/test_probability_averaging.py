import subprocess
import sys

import keras
import numpy as np
import pytest
from keras import layers
from scipy.special import softmax

from kerasrecipes.models import ResNetCIFAR, averaged_probabilities
from kerasrecipes.models.surgery.assembly import assemble
from kerasrecipes.models.surgery.network_stages import set_trainable_stages

SHAPE = (8, 8, 1)
PIXELS = np.random.default_rng(0).integers(0, 256, (6, *SHAPE)).astype("float32")


def small(seed, classes=3, hidden=4, **options):
    keras.utils.set_random_seed(seed)

    def build(shape):
        inputs = keras.Input(shape)
        x = layers.Flatten()(inputs)
        x = layers.Dense(hidden, activation="relu")(x)
        return keras.Model(inputs, layers.Dense(classes, **options)(x), name="small")

    return assemble(SHAPE, [layers.Rescaling(1 / 255)], build)


def predicted(model):
    (outputs,) = keras.tree.flatten(model.predict(PIXELS, verbose=0))
    return softmax(outputs.astype("float64"), -1)


@pytest.mark.parametrize("weights", [None, [0.5, 0.3, 0.2], [2, 0, 1]])
def test_probabilities_are_the_weighted_mean(weights):
    models = [small(seed) for seed in range(3)]
    shares = np.array(weights or [1, 1, 1]) / sum(weights or [1, 1, 1])
    expected = sum(s * predicted(m) for s, m in zip(shares, models, strict=True))
    averaged = averaged_probabilities(models, weights)
    np.testing.assert_allclose(predicted(averaged), expected, atol=1e-6)
    # The logits are logarithms of probabilities already.
    (logits,) = keras.tree.flatten(averaged.predict(PIXELS, verbose=0))
    np.testing.assert_allclose(np.exp(logits).sum(-1), 1, atol=1e-5)
    nested = [layer for layer in averaged.layers if isinstance(layer, keras.Model)]
    assert len(nested) == np.sum(shares > 0)


def test_sure_models_do_not_underflow():
    model = small(0)
    model.layers[-1].layers[-1].kernel.assign(1e4 * model.layers[-1].layers[-1].kernel)
    (logits,) = keras.tree.flatten(
        averaged_probabilities([model, model]).predict(PIXELS, verbose=0)
    )
    assert np.isfinite(logits).all()
    assert logits.min() < -200


def with_frozen_backbone(seed, backbone_seed=0, head_units=()):
    keras.utils.set_random_seed(backbone_seed)
    network = ResNetCIFAR(SHAPE, 3, depth=8, filters=4)
    set_trainable_stages(network, 0)
    keras.utils.set_random_seed(seed)
    x = network.layers[-2].output
    for units in head_units:
        x = layers.Dense(units)(x)
    head = keras.Model(network.inputs[0], layers.Dense(3)(x), name="tuned")
    return assemble(SHAPE, [layers.Rescaling(1 / 255)], lambda shape: head)


def test_a_shared_backbone_is_there_once(tmp_path):
    models = [with_frozen_backbone(1), with_frozen_backbone(2, head_units=[5]), small(3)]
    other = with_frozen_backbone(4, backbone_seed=9)
    expected = np.mean([predicted(model) for model in [*models, other]], axis=0)
    averaged = averaged_probabilities([*models, other])
    np.testing.assert_allclose(predicted(averaged), expected, atol=1e-6)
    nested = {layer.name for layer in averaged.layers if isinstance(layer, keras.Model)}
    assert nested == {"backbone_0", "member_0", "member_1", "member_2", "member_3"}
    once, each = models[0].count_params(), models[1].count_params()
    head = (
        models[1].layers[-1].layers[-1].count_params()
        + models[1].layers[-1].layers[-2].count_params()
    )
    whole = small(3).count_params() + other.count_params()
    assert averaged.count_params() == once + head + whole < once + each + whole
    averaged.save(tmp_path / "averaged.keras")
    again = keras.saving.load_model(tmp_path / "averaged.keras", compile=False)
    np.testing.assert_array_equal(predicted(again), predicted(averaged))
    assert again.count_params() == averaged.count_params()


def test_a_fresh_process_without_this_package_predicts_the_same(tmp_path):
    averaged = averaged_probabilities([small(0), small(1)], [0.7, 0.3])
    averaged.save(tmp_path / "averaged.keras")
    np.save(tmp_path / "pixels.npy", PIXELS)
    script = (
        "import sys, keras, numpy as np\n"
        "model = keras.saving.load_model(sys.argv[1] + '/averaged.keras', compile=False)\n"
        "outputs = model.predict(np.load(sys.argv[1] + '/pixels.npy'), verbose=0)\n"
        "np.save(sys.argv[1] + '/logits.npy', keras.tree.flatten(outputs)[0])\n"
        "assert 'kerasrecipes' not in sys.modules\n"
    )
    subprocess.run([sys.executable, "-c", script, str(tmp_path)], check=True, cwd=tmp_path)
    logits = np.load(tmp_path / "logits.npy").astype("float64")
    np.testing.assert_allclose(softmax(logits, -1), predicted(averaged), atol=1e-7)


def test_half_precision_members_are_averaged_in_float32():
    keras.config.set_dtype_policy("mixed_bfloat16")
    try:
        models = [small(0, dtype="float32"), small(1)]
    finally:
        keras.config.set_dtype_policy("float32")
    averaged = averaged_probabilities(models)
    (logits,) = keras.tree.flatten(averaged.predict(PIXELS, verbose=0))
    assert logits.dtype == np.float32
    expected = np.mean([predicted(model) for model in models], axis=0)
    np.testing.assert_allclose(predicted(averaged), expected, atol=1e-5)


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (list, "There must be models to average. Received: none"),
        (lambda: [small(0), small(1, classes=4)], r"outputs of the same shape, \(None, 3\)"),
        (lambda: [small(0, activation="softmax")], "without a softmax or sigmoid"),
        (lambda: [small(0, classes=1)], "a logit for each class"),
    ],
)
def test_other_models_are_refused(make, message):
    with pytest.raises(ValueError, match=message):
        averaged_probabilities(make())


def test_other_image_sizes_are_refused():
    inputs = keras.Input((9, 9, 1))
    larger = keras.Model(inputs, layers.Dense(3)(layers.Flatten()(inputs)))
    with pytest.raises(ValueError, match=r"inputs of the same shape, \(None, 8, 8, 1\)"):
        averaged_probabilities([small(0), larger])


@pytest.mark.parametrize("weights", [[1.0], [1.0, -1.0], [0.0, 0.0], [1.0, float("nan")]])
def test_weights_are_checked(weights):
    with pytest.raises(ValueError, match="`weights` must be 2 numbers of at least 0"):
        averaged_probabilities([small(0), small(1)], weights)
