import numpy as np
import pytest
from keras import ops

from kerasrecipes.schedules import OneCycle

TORCH_SHAPES = {"cosine": "cos", "linear": "linear"}


def torch_one_cycle(total, **options):
    """Returns learning rates and momenta of PyTorch's `OneCycleLR`."""
    torch = pytest.importorskip("torch")
    optimizer = torch.optim.SGD([torch.nn.Parameter(torch.zeros(1))], lr=1.0, momentum=0.9)
    scheduler = torch.optim.lr_scheduler.OneCycleLR(optimizer, 0.3, total_steps=total, **options)
    group, rates = optimizer.param_groups[0], []
    for _ in range(total):
        rates.append((group["lr"], group["momentum"]))
        optimizer.step()
        scheduler.step()
    return np.array(rates[:total]).T


def ours(schedule, steps):
    tensor = ops.arange(steps)
    return [ops.convert_to_numpy(s(tensor)) for s in (schedule, schedule.momentum())]


@pytest.mark.parametrize("shape", TORCH_SHAPES)
def test_equals_pytorch_whose_phases_end_a_step_earlier(shape):
    theirs = torch_one_cycle(100, anneal_strategy=TORCH_SHAPES[shape])
    schedule = OneCycle(0.3, total_steps=99, warmup_steps=29, shape=shape)
    for received, expected in zip(ours(schedule, 100), theirs, strict=True):
        np.testing.assert_allclose(received, expected, rtol=2e-6)


@pytest.mark.parametrize("shape", TORCH_SHAPES)
def test_equals_the_three_phases_of_pytorch(shape):
    theirs = torch_one_cycle(
        100, anneal_strategy=TORCH_SHAPES[shape], three_phase=True, div_factor=10
    )
    schedule = OneCycle(
        0.3, total_steps=99, warmup_steps=29, annihilation_steps=41, initial_fraction=0.1,
        final_fraction=1e-5, shape=shape,
    )  # fmt: skip
    for received, expected in zip(ours(schedule, 100), theirs, strict=True):
        np.testing.assert_allclose(received, expected, rtol=2e-6)


def test_the_difference_from_pytorch_with_the_same_length():
    theirs, _ = torch_one_cycle(100)
    received, _ = ours(OneCycle(0.3, total_steps=100), 101)
    assert (theirs.argmax(), received.argmax()) == (29, 30)
    # PyTorch's last step has the final rate. Here and in Keras, the step after it has.
    assert theirs[99] == pytest.approx(0.3 * 4e-6)
    assert received[99] > 10 * theirs[99]
    assert received[100] == np.float32(0.3 * 4e-6)


def test_the_paper_s_three_phases_by_hand():
    schedule = OneCycle(1.0, total_steps=100, warmup_steps=45, annihilation_steps=10,
                        initial_fraction=0.1, final_fraction=0.001, shape="linear")  # fmt: skip
    received = [float(schedule(t)) for t in (0, 15, 45, 60, 90, 95, 100, 101)]
    np.testing.assert_allclose(received, [0.1, 0.4, 1, 0.7, 0.1, 0.0505, 0.001, 0.001], rtol=1e-6)
    momenta = [float(schedule.momentum(0.9, 0.45)(t)) for t in (0, 15, 45, 60, 90, 95, 100)]
    np.testing.assert_allclose(momenta, [0.9, 0.75, 0.45, 0.6, 0.9, 0.9, 0.9], rtol=1e-6)


def test_the_peak_and_the_ends_are_exact():
    schedule = OneCycle(0.1, total_steps=1000, warmup_steps=300)
    received = [float(schedule(t)) for t in (0, 300, 1000, 10**9)]
    assert received == [np.float32(r) for r in (0.1 * 0.04, 0.1, 0.1 * 4e-6, 0.1 * 4e-6)]
    assert float(schedule.momentum()(300)) == np.float32(0.85)


def test_steps_that_float32_cannot_tell_apart():
    schedule = OneCycle(1.0, total_steps=2**24 + 12, warmup_steps=2**24 + 2, shape="linear",
                        final_fraction=0.0)  # fmt: skip
    received = [float(schedule(2**24 + 2 + t)) for t in range(11)]
    np.testing.assert_allclose(received, np.linspace(1, 0, 11), atol=1e-6)
