"""Batch sizes to start with, and the rates that go with them."""

import math

import pytest

from kerasrecipes.diagnostics.batch_size_advice import batch_size_and_rate, scaled_rate

pytestmark = pytest.mark.backend_neutral


def pair(*arguments, **options):
    found = batch_size_and_rate(*arguments, **options)
    return found.batch_size, found.learning_rate


@pytest.mark.parametrize(
    ("optimizer", "options", "expected"),
    [
        ("SGD", {}, (32, 0.01)),
        ("Adam", {}, (64, 0.001)),
        ("RMSprop", {}, (64, 0.001)),
        ("SGD", {"samples": 10_000}, (32, 0.01)),
        ("SGD", {"samples": 100}, (8, 0.0025)),
        ("Adam", {"samples": 200}, (16, 0.0005)),
        ("SGD", {"samples": 3}, (8, 0.0025)),
        ("SGD", {"contrastive": True, "samples": 100}, (512, 0.16)),
        ("Adam", {"contrastive": True}, (512, 0.001 * math.sqrt(8))),
        ("SGD", {"batch_size": 1, "learning_rate": 0.001}, (32, 0.032)),
        ("Adam", {"batch_size": 4096, "learning_rate": 0.008}, (64, 0.001)),
        ("SGD", {"batch_size": 512}, (32, 0.01)),
    ],
)
def test_sizes_and_rates(optimizer, options, expected):
    assert pair(optimizer, **options) == pytest.approx(expected)


def test_a_rate_that_is_carried_there_and_back_is_the_same():
    for optimizer in ("SGD", "Adam"):
        there = scaled_rate(optimizer, 0.1, 32, 4096)
        assert scaled_rate(optimizer, there, 4096, 32) == pytest.approx(0.1)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"samples": 0}, "`samples`"),
        ({"batch_size": 0}, "`batch_size`"),
        ({"batch_size": 8, "learning_rate": 0.0}, "`learning_rate`"),
        ({"learning_rate": 0.1}, "must come with the `batch_size`"),
    ],
)
def test_arguments_out_of_range(options, message):
    with pytest.raises(ValueError, match=message):
        batch_size_and_rate("SGD", **options)
