"""Schedules in NumPy and float64, written from the papers.

Each function has the name of its class's module. It takes a step and the options of the class, and
returns the rate.
"""

import numpy as np


def _anneal(first, last, begin, end, t, shape="linear"):
    """Returns the rate at step `t` on the way from `first` at `begin` to `last` at `end`."""
    x = min(max((t - begin) / (end - begin), 0), 1)
    if shape == "cosine":
        return last + (first - last) * (1 + np.cos(np.pi * x)) / 2
    return first + (last - first) * (np.sqrt(x) if shape == "one_minus_sqrt" else x)


def linear_decay(t, initial_learning_rate, decay_steps, end_fraction=0.01):
    alpha = min(t / decay_steps, 1)
    return (1 - alpha) * initial_learning_rate + alpha * end_fraction * initial_learning_rate


def cyclic(t, base_learning_rate, max_learning_rate, half_cycle_steps, mode="triangular",
           gamma=0.99994):  # fmt: skip
    cycle = np.floor(1 + t / (2 * half_cycle_steps))
    x = abs(t / half_cycle_steps - 2 * cycle + 1)
    scale = {"triangular": 1, "triangular2": 0.5 ** (cycle - 1), "exp_range": gamma**t}[mode]
    return base_learning_rate + (max_learning_rate - base_learning_rate) * max(0, 1 - x) * scale


def one_cycle(t, peak_learning_rate, total_steps, warmup_steps=None, warmup_fraction=0.3,
              annihilation_steps=0, initial_fraction=0.04, final_fraction=4e-6,
              shape="cosine"):  # fmt: skip
    top = round(warmup_fraction * total_steps) if warmup_steps is None else warmup_steps
    first, last = initial_fraction * peak_learning_rate, final_fraction * peak_learning_rate
    bottom = total_steps - annihilation_steps
    if t < top:
        return _anneal(first, peak_learning_rate, 0, top, t, shape)
    if annihilation_steps and t < bottom:
        return _anneal(peak_learning_rate, first, top, bottom, t, shape)
    if annihilation_steps:
        return _anneal(first, last, bottom, total_steps, t, shape)
    return _anneal(peak_learning_rate, last, top, total_steps, t, shape)


def one_cycle_momentum(t, total_steps, warmup_steps=None, warmup_fraction=0.3,
                       annihilation_steps=0, max_momentum=0.95, min_momentum=0.85,
                       shape="cosine"):  # fmt: skip
    top = round(warmup_fraction * total_steps) if warmup_steps is None else warmup_steps
    if t < top:
        return _anneal(max_momentum, min_momentum, 0, top, t, shape)
    return _anneal(min_momentum, max_momentum, top, total_steps - annihilation_steps, t, shape)


def warmup_stable_decay(t, peak_learning_rate, total_steps, warmup_steps=0, cooldown_steps=None,
                        cooldown_fraction=0.2, initial_fraction=0.1, end_fraction=0.0,
                        shape="one_minus_sqrt"):  # fmt: skip
    if cooldown_steps is None:
        cooldown_steps = round(cooldown_fraction * total_steps)
    if t < warmup_steps:
        ramp = _anneal(initial_fraction, 1, 0, warmup_steps, t)
    else:
        ramp = _anneal(1, end_fraction, total_steps - cooldown_steps, total_steps, t, shape)
    return peak_learning_rate * ramp


def step_decay(t, initial_learning_rate, factor=0.1, period_steps=None, boundaries_steps=None,
               boundaries_fraction=None, total_steps=None):  # fmt: skip
    if boundaries_fraction is not None:
        boundaries_steps = [round(fraction * total_steps) for fraction in boundaries_fraction]
    cuts = t // period_steps if period_steps else sum(t >= step for step in boundaries_steps)
    return initial_learning_rate * factor**cuts


def _inner(schedule, t):
    """Returns the rate of an inner schedule: a constant, or one of Keras's inverse time decays."""
    if isinstance(schedule, float):
        return schedule
    config = schedule.get_config()
    decayed = 1 + config["decay_rate"] * t / config["decay_steps"]
    return config["initial_learning_rate"] / decayed


def warmup(t, schedule, warmup_steps, initial_fraction=0.1, mode="linear", shifted=False):
    rate = _inner(schedule, max(t - warmup_steps, 0) if shifted else t)
    if t >= warmup_steps:
        return rate
    return rate * (_anneal(initial_fraction, 1, 0, warmup_steps, t) if mode == "linear"
                   else initial_fraction)  # fmt: skip


def chain(t, schedules, boundaries_steps):
    index = sum(t >= boundary for boundary in boundaries_steps)
    return _inner(schedules[index], t - [0, *boundaries_steps][index])
