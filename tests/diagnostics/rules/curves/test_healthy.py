"""What is no illness: healthy decays with noise, schedules, early stops, gaps that do no harm."""

import numpy as np
import pytest

from tests.diagnostics.rules.curves.curves_of import alarms, decay, found, noisy


def healthy(rng):
    """Returns the curves of a training that goes well, of random form and noise."""
    epochs = np.arange(rng.integers(8, 60))
    constant = len(epochs) / rng.uniform(4, 12)
    start, rest = rng.uniform(0.8, 3), rng.uniform(0.02, 0.3)
    gap, deviation = rng.uniform(1.0, 2.5), rng.uniform(0, 0.06)
    right = 1 - decay(0.6, rest / 4, epochs, constant)
    curves = {
        "loss": decay(start, rest, epochs, constant),
        "val_loss": decay(start, gap * rest, epochs + 0.5, constant),
    }
    curves = {n: noisy(v, deviation, rng.integers(1000)) for n, v in curves.items()}
    if rng.random() < 0.6:
        size = rng.integers(150, 2000)
        curves["accuracy"] = right - 0.001 * rng.random(len(epochs))
        curves["val_accuracy"] = np.round((right - 0.02 * gap) * size) / size
    return curves


def test_healthy_decays_are_silent():
    rng = np.random.default_rng(7)
    loud = [a for _ in range(300) if (a := alarms(healthy(rng)))]
    assert len(loud) <= 9, loud  # 3%.


@pytest.mark.parametrize("seed", range(6))
def test_steps_of_a_decay_are_silent(seed):
    """The loss falls at once where the rate is divided by 10, however late that is (D6)."""
    loss = np.concatenate(
        [
            decay(2, 0.9, range(15), 2.5),
            decay(0.8, 0.45, range(10), 1),
            decay(0.42, 0.38, range(5), 1),
        ]
    )
    curves = {"loss": noisy(loss, 0.02, seed), "val_loss": noisy(1.1 * loss, 0.03, seed + 9)}
    assert not alarms(curves)


def test_bumps_of_restarts_are_silent():
    cycle = decay(0.5, 0.2, range(10), 3)
    loss = np.concatenate([decay(2, 0.4, range(10), 3), cycle, 0.7 * cycle])
    assert not alarms({"loss": loss, "val_loss": 1.15 * loss}, restarts=(10, 20))
    assert not alarms({"loss": loss, "val_loss": 1.15 * loss})


def test_a_warmup_is_silent():
    loss = np.concatenate([np.linspace(2.3, 2.1, 4), decay(2.1, 0.2, range(26), 5)])
    assert not alarms({"loss": loss, "val_loss": 1.1 * loss})


def test_an_early_stop_is_silent():
    epochs = np.arange(14)
    val_loss = 0.4 + 0.6 * np.exp(-epochs / 2) + 0.012 * np.maximum(0, epochs - 8)
    assert not alarms({"loss": decay(1.5, 0.1, epochs, 3), "val_loss": val_loss})


def test_a_gap_that_does_no_harm_is_at_most_noted():
    loss, val_loss = decay(2, 0.001, constant=3), decay(2, 0.3, constant=3)
    assert not alarms({"loss": loss, "val_loss": val_loss})


def test_the_floor_of_label_smoothing_is_silent():
    right = 1 - decay(0.7, 0.005, constant=3)
    loss = decay(2.2, 0.52, constant=3)
    curves = {
        "loss": loss,
        "val_loss": loss + 0.05,
        "accuracy": right,
        "val_accuracy": right - 0.02,
    }
    assert not alarms(curves)


def test_training_that_augmentation_makes_harder_is_silent():
    curves = {
        "loss": decay(2, 0.45, constant=4),
        "val_loss": decay(1.8, 0.3, constant=4),
        "accuracy": 1 - decay(0.8, 0.15, constant=4),
        "val_accuracy": 1 - decay(0.6, 0.1, constant=4),
    }
    assert not alarms(curves)


def test_noise_of_a_small_validation_set_is_no_overfitting():
    loss = decay(1.5, 0.2, constant=4)
    val_loss = noisy(decay(1.6, 0.4, constant=4), 0.15, 3)
    assert not alarms({"loss": loss, "val_loss": val_loss})


@pytest.mark.parametrize(
    "curves",
    [
        {"loss": [0.5]},
        {"loss": [0.5], "val_loss": [0.6], "accuracy": [0.9], "val_accuracy": [0.8]},
        {"loss": [0.5, 0.2], "val_loss": [np.nan, np.nan]} | {"val_loss": [0.5, np.nan]},
        {"val_loss": [0.5, 0.4, 0.4]},
        {
            "loss": [0.0] * 9,
            "val_loss": [0.0] * 9,
            "accuracy": [1.0] * 9,
            "val_accuracy": [1.0] * 9,
        },
        {"loss": [-1.0, -2.0, -3.0, -3.1]},
        {"accuracy": [0.5, 0.6]},
    ],
)
def test_what_says_little_raises_no_alarm_and_no_error(curves):
    assert [i for i in alarms(curves) if i != "too_few_epochs"] == []


def test_sentences_and_evidence_are_plain():
    rng = np.random.default_rng(5)
    curves = {name: rng.uniform(0.1, 2, 12) for name in ("loss", "val_loss", "mae", "accuracy")}
    for finding in found(curves | {"val_accuracy": np.full(12, 0.5)}):
        for value in finding.evidence.values():
            assert type(value) in (int, float, str, list, type(None)), finding
