"""Samples that occur more than once, or look alike."""

import numpy as np
import pytest

from kerasrecipes.data.viewing.similar_images import look_alikes
from kerasrecipes.diagnostics.facts.duplicate_samples import duplicates
from kerasrecipes.diagnostics.facts.given import Given

pytestmark = pytest.mark.backend_neutral
RANDOM = np.random.default_rng(0)


@pytest.mark.parametrize("width", [4, 3000])
def test_equal_samples(width):
    x = RANDOM.normal(size=(6, width))
    x[3] = x[5] = x[0]
    held_out = np.stack([x[1], x[1], RANDOM.normal(size=width)])
    found = duplicates(Given(x=x, y=np.array([0, 1, 2, 0, 1, 1]), validation_x=held_out))
    assert found is not None
    assert (found.looked_at, found.training, found.contradicting) == (6, 2, 3)
    assert (found.shared, found.near, found.validation_looked_at) == (2, None, 3)


def test_sparse_samples_are_compared_as_a_whole():
    x = np.zeros((5, 3000))
    x[np.arange(4), [1, 2, 4, 5]] = 1
    found = duplicates(Given(x=x))
    assert found is not None
    assert found.training == 0


def test_all_inputs_are_compared():
    one, two = np.zeros((4, 2)), np.arange(4)
    found = duplicates(Given(x=[one, two], validation_x=[one[:1], np.array([9])]))
    assert found is not None
    assert (found.training, found.shared) == (0, 0)


def test_nothing_to_compare():
    assert duplicates(Given()) is None
    other = duplicates(Given(x=np.zeros((3, 2)), validation_x=np.zeros((3, 5))))
    assert other is not None
    assert (other.training, other.shared) == (2, None)


def test_images_that_look_alike():
    training = RANDOM.normal(size=(20, 40, 40, 3)).cumsum(axis=1).cumsum(axis=2)
    noise = RANDOM.normal(size=(40, 40, 3))
    copies = np.stack([training[3] * 0.5 + 9, training[7] + noise, training[2][::-1], noise])
    np.testing.assert_array_equal(look_alikes(training, copies), [True, True, False, False])
    facts = duplicates(Given(x=training, validation_x=np.concatenate([copies, training[:1]])))
    assert facts is not None
    assert (facts.shared, facts.near) == (1, 2)


def test_flat_images_do_not_look_alike():
    assert not look_alikes(np.ones((2, 16, 16)), np.ones((2, 16, 16))).any()


@pytest.mark.parametrize("shape", [(4, 8, 8, 1), (4, 16, 16, 5), (4, 300)])
def test_what_are_no_images(shape):
    assert look_alikes(np.zeros(shape), np.zeros(shape)) is None
