"""Signs of masked gradients, on made-up results and on a model that hides its gradient."""

import keras
import numpy as np
import pytest
from keras import layers, ops

from kerasrecipes.robustness import adversarial_scores
from kerasrecipes.robustness.gradient_masking import masked_gradients

N = 400
LABELS = np.arange(N) % 4


def right(share, seed=0):
    """Booleans, of which so many are true, in an order of their own."""
    return np.random.default_rng(seed).permutation(N) < share * N


def results(**shares):
    """Results of a healthy model at two epsilons, some of them replaced."""
    healthy = {
        "noise": (0.95, 0.9),
        "FGSM": (0.6, 0.4),
        "PGD-10": (0.5, 0.2),
        "PGD-50": (0.5, 0.2),
        "transfer": (0.9, 0.7),
    } | shares
    return {
        name: np.stack([np.arange(N) < share * N for share in of]) for name, of in healthy.items()
    }


@pytest.mark.backend_neutral
@pytest.mark.parametrize(
    ("shares", "unbounded", "message"),
    [
        ({"PGD-10": (0.5, 0.1)}, 0.0, "At epsilon 8, 10 steps changes more predictions"),
        ({"FGSM": (0.4, 0.2)}, 0.0, "At epsilon 4, one step of the gradient changes more"),
        ({"noise": (0.3, 0.9)}, 0.0, "At epsilon 4, a random change changes more"),
        ({"transfer": (0.9, 0.1)}, 0.0, "an attack on another model changes more predictions"),
        ({"PGD-50": (0.2, 0.4), "FGSM": (0.6, 0.6)}, 0.0, "A larger epsilon changes fewer"),
        ({}, 0.5, "in which every image can be made the same grey"),
    ],
)
def test_each_sign_is_named(shares, unbounded, message):
    told = masked_gradients((4, 8), results(**shares), np.arange(N) < unbounded * N, LABELS)
    assert any(message in sentence for sentence in told), told
    assert told[-1].startswith("The gradient may be masked")


@pytest.mark.backend_neutral
def test_a_healthy_model_shows_none_and_chance_is_no_sign():
    grey = np.arange(N) < 0.25 * N
    assert masked_gradients((4, 8), results(), grey, LABELS) == []
    # Differences by chance: two attacks that each leave half of the images right, independently.
    alarms = 0
    for seed in range(200):
        given = results() | {
            "PGD-10": np.stack([right(0.5, 2 * seed), right(0.2)]),
            "PGD-50": np.stack([right(0.5, 2 * seed + 1), right(0.2)]),
            "FGSM": np.ones((2, N), bool),
            "noise": np.ones((2, N), bool),
            "transfer": np.ones((2, N), bool),
        }
        alarms += bool(masked_gradients((4, 8), given, grey, LABELS))
    # Each by 1 in 1,000: four or more in 200 come once in 20,000 runs of this test.
    assert alarms < 4


class Steps(layers.Layer):
    """Rounds to large steps in the pass forward, of which the gradient shows only a trace."""

    def call(self, inputs):
        rounded = ops.stop_gradient(ops.round(inputs / 64) * 64)
        # What is left of the gradient leads the other way.
        return rounded - 1e-3 * (inputs - ops.stop_gradient(inputs))


def classifier(hidden):
    """Tells whether the left half of an image is brighter than the right one."""
    kernel = np.zeros((4, 4, 1, 2))
    kernel[:, :2, :, 0] = kernel[:, 2:, :, 1] = 1 / 64
    parts = [Steps()] if hidden else []
    model = keras.Sequential(
        [keras.Input((4, 4, 1)), *parts, layers.Flatten(), layers.Dense(2, use_bias=False)]
    )
    model.set_weights([kernel.reshape(16, 2)])
    return model


def test_a_hidden_gradient_is_found_out_by_noise_and_by_a_transfer():
    random = np.random.default_rng(1)
    images = random.uniform(60, 190, (120, 4, 4, 1)).astype("float32")
    labels = classifier(True).predict(images, verbose=0).argmax(-1)
    honest = adversarial_scores(
        classifier(False), images, labels, [4, 16], substitute=classifier(False)
    )
    assert honest.warnings == []
    assert honest.accuracies[0] > honest.accuracies[1]
    assert {each.predicted for each in honest.examples} == {0, 1}
    for example in honest.examples:
        change = example.adversarial - images[example.place]
        assert np.abs(change).max() <= example.epsilon
        assert honest.whole[example.place]
    hidden = adversarial_scores(
        classifier(True), images, labels, [16], substitute=classifier(False)
    )
    assert any("an attack on another model" in told for told in hidden.warnings)
    # What the transfer found counts, too.
    assert hidden.accuracies[0] <= hidden.correct["transfer"].mean()


@pytest.mark.backend_neutral
def test_what_a_small_change_does_a_larger_one_can():
    scores = adversarial_scores.__globals__["AdversarialScores"](
        labels=np.array([0, 1]),
        whole=np.array([True, True]),
        epsilons=(4.0, 8.0),
        norm="inf",
        correct={"PGD-50": np.array([[True, False], [True, True]])},
        unbounded=np.array([False, False]),
    )
    assert scores.accuracies == [0.5, 0.5]
    assert scores.intervals[0] == pytest.approx((0.0945, 0.9055), abs=1e-3)


@pytest.mark.backend_neutral
@pytest.mark.parametrize(("epsilons", "message"), [([], "must hold a number"), ([0], "above|than")])
def test_bad_epsilons_are_refused(epsilons, message):
    with pytest.raises(ValueError, match=message):
        adversarial_scores(classifier(False), np.zeros((1, 4, 4, 1)), np.array([0]), epsilons)
