import keras
import numpy as np
from keras import ops

from kerasrecipes.schedules import Chain, LinearDecay

CosineDecay = keras.optimizers.schedules.CosineDecay


def values(schedule, steps):
    return ops.convert_to_numpy(schedule(ops.convert_to_tensor(np.asarray(steps))))


def test_restart_boundaries_by_hand():
    schedule = Chain([LinearDecay(1.0, 4, 0.0), LinearDecay(0.5, 2, 0.0)], [4])
    assert values(schedule, range(8)).tolist() == [1, 0.75, 0.5, 0.25, 0.5, 0.25, 0, 0]


def test_cosines_equal_keras_warm_restarts():
    # The cycles of SGDR with t_mul=2: 10, 20 and 40 steps.
    theirs = keras.optimizers.schedules.CosineDecayRestarts(0.1, 10, t_mul=2.0, m_mul=0.5)
    ours = Chain([CosineDecay(0.1, 10), CosineDecay(0.05, 20), CosineDecay(0.025, 40)], [10, 30])
    steps = np.arange(70)
    np.testing.assert_allclose(values(ours, steps), values(theirs, steps), atol=1e-7)
    assert values(ours, [9, 10])[0] < values(ours, [9, 10])[1]


def test_a_schedule_is_not_evaluated_before_its_first_step():
    # There, 1 / sqrt(step - begin + 1) would be NaN.
    @keras.saving.register_keras_serializable(package="test_chain")
    class InverseSquareRoot(keras.optimizers.schedules.LearningRateSchedule):
        def __call__(self, step):
            return 1 / ops.sqrt(ops.cast(step, "float32") + 1)

        def get_config(self):
            return {}

    received = values(Chain([0.1, InverseSquareRoot()], [10]), [0, 9, 10, 13])
    np.testing.assert_allclose(received, [0.1, 0.1, 1.0, 0.5], rtol=1e-6)
