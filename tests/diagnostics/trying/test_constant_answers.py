"""Losses of constant answers, against Keras's losses of the best one among many."""

import keras
import numpy as np
import pytest

from kerasrecipes.diagnostics.trying.answering_alike import ConstantAnswers, constant_answers

RNG = np.random.default_rng(0)
SHARES = np.linspace(0.01, 0.99, 99)


def _mean(losses):
    return float(keras.ops.convert_to_numpy(losses).mean())


def least(loss, targets, answers):
    """The least of Keras's losses over constant answers."""
    return min(
        _mean(loss(targets, np.broadcast_to(answer, (len(targets), len(answer)))))
        for answer in answers
    )


def test_classes():
    targets = np.array([0] * 30 + [1] * 10)
    found = constant_answers("sparse_categorical_crossentropy", targets, 2)
    answers = np.stack([SHARES, 1 - SHARES], axis=1)
    expected = least(keras.losses.sparse_categorical_crossentropy, targets, answers)
    assert found.best == pytest.approx(expected, abs=1e-3)
    assert found.unknowing == pytest.approx(np.log(2))
    one_hot = constant_answers("categorical_crossentropy", np.eye(2)[targets], 2)
    assert one_hot == ConstantAnswers(found.unknowing, "ln 2", pytest.approx(found.best))


def test_targets_between_classes_have_a_least_loss():
    targets = np.full((8, 2), [0.25, 0.75])
    found = constant_answers("categorical_crossentropy", targets, 2)
    assert found.least == pytest.approx(found.best)
    assert found.least == pytest.approx(-0.25 * np.log(0.25) - 0.75 * np.log(0.75))
    assert constant_answers("categorical_crossentropy", np.eye(2)[[0, 1]], 2).least == 0


def test_yes_or_no():
    targets = (RNG.random((400, 1)) < 0.2).astype(float)
    found = constant_answers("binary_crossentropy", targets, 1)
    expected = least(keras.losses.binary_crossentropy, targets, SHARES[:, None])
    assert found.best == pytest.approx(expected, abs=1e-3)
    assert (found.unknowing, found.least) == (pytest.approx(np.log(2)), 0)


def test_numbers():
    targets = RNG.normal(3, 2, (500, 1))
    squared = constant_answers("mean_squared_error", targets, 1)
    absolute = constant_answers("mean_absolute_error", targets, 1)
    assert squared.unknowing == squared.best == pytest.approx(targets.var())
    median = np.abs(targets - np.median(targets)).mean()
    assert absolute.unknowing == absolute.best == pytest.approx(median)


def test_an_answer_may_differ_from_place_to_place():
    targets = np.broadcast_to([0.0, 10.0], (6, 2))
    found = constant_answers("mean_squared_error", targets, 2)
    assert (found.unknowing, found.best) == (25, 0)


@pytest.mark.parametrize(
    ("kind", "targets", "classes"),
    [
        ("custom", np.zeros(3), 2),
        ("sparse_categorical_crossentropy", np.zeros(3), 1),
        ("categorical_crossentropy", np.zeros((3, 4)), 2),
        ("binary_crossentropy", np.array([0.0, 2.0]), 1),
        ("mean_squared_error", np.array([np.nan]), 1),
        ("mean_squared_error", np.zeros((0, 1)), 1),
        ("mean_squared_error", np.array(["a"]), 1),
    ],
)
def test_what_is_not_known(kind, targets, classes):
    assert constant_answers(kind, targets, classes) == ConstantAnswers()
