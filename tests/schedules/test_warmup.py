import keras
import numpy as np
import pytest
from keras import ops

from kerasrecipes.schedules import (
    Chain,
    LinearDecay,
    OneCycle,
    StepDecay,
    Warmup,
    WarmupStableDecay,
)

CosineDecay = keras.optimizers.schedules.CosineDecay


def values(schedule, steps):
    return ops.convert_to_numpy(schedule(ops.convert_to_tensor(np.asarray(steps))))


def test_goyal_s_warmup_by_hand():
    # Section 2.2: for a minibatch of 8192 instead of 256, the rate goes from 0.1 to 3.2 in 5
    # epochs. The cuts at epochs 30, 60 and 80 are not moved. Here an epoch has 10 steps.
    steps = StepDecay(3.2, 0.1, boundaries_steps=[300, 600, 800])
    schedule = Warmup(steps, warmup_steps=50, initial_fraction=0.1 / 3.2)
    received = values(schedule, [0, 25, 49, 50, 299, 300, 600, 800])
    expected = [0.1, 1.65, 3.2 - 3.1 / 50, 3.2, 3.2, 0.32, 0.032, 0.0032]
    np.testing.assert_allclose(received, expected, rtol=1e-6)


def test_he_s_constant_warmup_by_hand():
    # ResNet-110: 0.01 for about 400 iterations, then 0.1.
    schedule = Warmup(0.1, warmup_steps=400, mode="constant")
    np.testing.assert_allclose(values(schedule, [0, 399, 400]), [0.01, 0.01, 0.1], rtol=1e-6)


def test_shifted_equals_the_warmup_inside_keras_cosine_decay():
    theirs = CosineDecay(0.0, decay_steps=80, warmup_target=0.3, warmup_steps=20)
    ours = Warmup(CosineDecay(0.3, 80), 20, initial_fraction=0.0, shifted=True)
    # It takes one step at a time: every fifth, and those around its two corners.
    steps = np.union1d(np.arange(0, 120, 5), [1, 19, 21, 99, 101])
    expected = [float(theirs(t)) for t in steps.tolist()]
    np.testing.assert_allclose(values(ours, steps), expected, rtol=1e-5, atol=1e-8)


@pytest.mark.tensorflow_only
def test_a_rate_may_be_an_integer_where_keras_raises():
    with pytest.raises(tf_errors().InvalidArgumentError, match="int32"):
        CosineDecay(0, decay_steps=80, warmup_target=0.3, warmup_steps=20)(1)
    assert float(Warmup(LinearDecay(1, 80), 20, initial_fraction=0)(10)) > 0


def tf_errors():
    import tensorflow as tf

    return tf.errors


def test_the_first_update_uses_the_first_rate():
    # A warmup from 0 would waste one step.
    model = keras.Sequential([keras.Input((1,)), keras.layers.Dense(1, use_bias=False)])
    model.set_weights([np.zeros((1, 1))])
    schedule = Warmup(1.0, warmup_steps=4, initial_fraction=0.0)
    model.compile(keras.optimizers.SGD(schedule), loss=lambda _, y: ops.mean(y))
    weights = []
    for _ in range(6):
        model.train_on_batch(np.ones((1, 1)), np.ones((1, 1)))
        weights.append(-float(model.get_weights()[0][0, 0]))
    np.testing.assert_allclose(np.diff([0, *weights]), [0, 0.25, 0.5, 0.75, 1, 1])


@pytest.mark.parametrize(
    "schedule",
    [
        CosineDecay(0.1, decay_steps=20),
        LinearDecay(0.1, decay_steps=19),
        OneCycle(0.1, total_steps=20),
        WarmupStableDecay(0.1, total_steps=5),
        CosineDecay(0.0, decay_steps=10, warmup_target=0.1, warmup_steps=10),
    ],
)
def test_a_schedule_must_be_longer_than_its_warmup(schedule):
    with pytest.raises(ValueError, match="must be longer than its warmup"):
        Warmup(schedule, warmup_steps=20)
    Warmup(schedule, warmup_steps=20, shifted=True)


@pytest.mark.parametrize(
    "schedule",
    [
        keras.optimizers.schedules.ExponentialDecay(0.1, decay_steps=10, decay_rate=0.5),
        keras.optimizers.schedules.InverseTimeDecay(0.1, decay_steps=10, decay_rate=0.5),
        StepDecay(0.1, period_steps=5),
        Warmup(0.1, warmup_steps=5),
        0.1,
    ],
)
def test_what_never_ends_may_have_any_warmup(schedule):
    assert Warmup(schedule, warmup_steps=20).warmup_steps == 20


def test_inside_another():
    both = Chain([Warmup(0.1, 10), Warmup(CosineDecay(0.1, 50), 5, shifted=True)], [50])
    copy = keras.optimizers.schedules.deserialize(keras.optimizers.schedules.serialize(both))
    received = values(copy, [0, 10, 50, 55, 80, 105])
    np.testing.assert_allclose(received, [0.01, 0.1, 0.01, 0.1, 0.05, 0.0], rtol=1e-6, atol=1e-9)
