import numpy as np
import pytest
from keras import ops

from kerasrecipes.schedules import Cyclic


def rates(steps, **options):
    return ops.convert_to_numpy(Cyclic(0.001, 0.006, 2000, **options)(ops.array(steps)))


def test_the_paper_s_example():
    # Bounds of .001 and .006, a stepsize of 2000: up for 2000 iterations, down for 2000, and again.
    steps = [0, 500, 1000, 2000, 3000, 4000, 5000, 6000, 8000]
    expected = [0.001, 0.00225, 0.0035, 0.006, 0.0035, 0.001, 0.0035, 0.006, 0.001]
    np.testing.assert_allclose(rates(steps), expected, rtol=1e-6)


def test_triangular2_halves_the_difference_after_every_cycle():
    expected = [0.006, 0.001, 0.0035, 0.001, 0.00225, 0.001]
    received = rates([2000, 4000, 6000, 8000, 10000, 12000], mode="triangular2")
    np.testing.assert_allclose(received, expected, rtol=1e-6)


def test_exp_range_shrinks_the_amplitude_and_keeps_the_lower_bound():
    received = rates([2000, 4000, 6000, 102_000], mode="exp_range")
    amplitudes = 0.005 * 0.99994 ** np.array([2000.0, 6000, 102_000])
    assert received[1] == np.float32(0.001)
    np.testing.assert_allclose(received[[0, 2, 3]], 0.001 + amplitudes, rtol=2e-6)


@pytest.mark.parametrize("mode", ["triangular", "triangular2", "exp_range"])
def test_equals_pytorch(mode):
    torch = pytest.importorskip("torch")
    optimizer = torch.optim.SGD([torch.nn.Parameter(torch.zeros(1))], lr=0.001, momentum=0.9)
    scheduler = torch.optim.lr_scheduler.CyclicLR(
        optimizer, 0.001, 0.006, step_size_up=7, mode=mode, gamma=0.98, cycle_momentum=False
    )
    expected = []
    for _ in range(50):
        expected.append(optimizer.param_groups[0]["lr"])
        optimizer.step()
        scheduler.step()
    received = Cyclic(0.001, 0.006, 7, mode=mode, gamma=0.98)(ops.arange(50))
    np.testing.assert_allclose(ops.convert_to_numpy(received), expected, rtol=2e-6)


def test_steps_that_float32_cannot_tell_apart():
    schedule = Cyclic(0.0, 1.0, half_cycle_steps=1)
    assert [float(schedule(2**24 + t)) for t in range(4)] == [0, 1, 0, 1]
