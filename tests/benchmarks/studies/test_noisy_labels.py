import numpy as np
import pytest
from scipy.special import log_softmax

from benchmarks.harness.flipped_labels import recipe_of
from benchmarks.studies import noisy_labels as study
from benchmarks.studies.noise_bearing import (
    BootstrappedCrossentropy,
    SymmetricCrossentropy,
    Without,
)
from kerasrecipes.data import Digits

LOGITS = np.random.default_rng(0).normal(size=(5, 4)).astype("float32")
LABELS = np.array([0, 3, 1, 1, 2])
LOGS = log_softmax(LOGITS.astype("float64"), -1)
OF_LABELS = LOGS[np.arange(5), LABELS]


def test_the_symmetric_loss_is_both_cross_entropies():
    one_hot = np.eye(4)[LABELS]
    reversed_loss = -np.sum(np.exp(LOGS) * np.where(one_hot, 0.0, -4.0), -1)
    expected = np.mean(-0.1 * OF_LABELS + reversed_loss)
    for labels in (LABELS, LABELS[:, None]):
        assert float(SymmetricCrossentropy()(labels, LOGITS)) == pytest.approx(expected, rel=1e-5)


@pytest.mark.parametrize("hard", [False, True])
def test_a_bootstrapped_target_is_in_part_what_is_predicted(hard):
    own = np.eye(4)[LOGS.argmax(-1)] if hard else np.exp(LOGS)
    target = 0.8 * np.eye(4)[LABELS] + 0.2 * own
    expected = np.mean(-np.sum(target * LOGS, -1))
    loss = BootstrappedCrossentropy(0.8, hard)(LABELS, LOGITS)
    assert float(loss) == pytest.approx(expected, rel=1e-5)


def test_training_images_are_left_out_and_no_others():
    source = Digits(validation_fraction=0.1, test_fraction=0.4)
    whole = source.load()
    count = len(whole.train)
    left = Without(source, [3, 7, count + 2]).load()
    np.testing.assert_array_equal(left.train.labels, np.delete(whole.train.labels, [3, 7]))
    np.testing.assert_array_equal(left.train.images, np.delete(whole.train.images, [3, 7], 0))
    assert left.sizes["validation"] == whole.sizes["validation"]
    assert left.hash != whole.hash


@pytest.mark.backend_neutral
def test_the_losses_are_recipes_of_the_same_steps():
    recipe = recipe_of(0.05, 1)
    changed = [recipe.replace({"loss": loss}) for loss in study.LOSSES.values()]
    assert len({each.fingerprint for each in (recipe, *changed)}) == 1 + len(study.LOSSES)
    assert {(each.epochs, each.steps_per_epoch) for each in changed} == {(20, 20)}
