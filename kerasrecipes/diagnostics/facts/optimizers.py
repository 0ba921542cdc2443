"""Facts of an optimizer."""

import math

import keras

from kerasrecipes.callbacks.rates import optimizer_rates, schedule_of
from kerasrecipes.diagnostics.record.model_facts import Optimizer

# Steps of a schedule at which its rate is read, evenly spaced.
MOST_STEPS = 200

# Where the number of steps is not known.
USUAL_STEPS = 1000

_HOLDERS = ("inner_optimizer", "optimizer")


def optimizer_facts(optimizer, total_steps: int | None = None) -> Optimizer | None:
    """Returns facts of an optimizer; of the innermost one, where it wraps another.

    Args:
        optimizer: A Keras optimizer, or `None`.
        total_steps: Positive integer. Steps of the training, if they are known: of a schedule, the
            greatest learning rate within them is told.

    Example:

    >>> facts = optimizer_facts(keras.optimizers.SGD(0.1, momentum=0.9))
    >>> facts.kind, facts.learning_rate, facts.momentum
    ('SGD', 0.1, 0.9)
    """
    if not isinstance(optimizer, keras.optimizers.Optimizer):
        return None
    chain = _chain(optimizer)
    inner = chain[-1]
    schedule = _schedule(optimizer)
    momentum = getattr(inner, "momentum", None)
    return Optimizer(
        type(inner).__name__,
        learning_rate=_rate(optimizer, schedule, total_steps),
        schedule=None if schedule is None else type(schedule).__name__,
        momentum=float(momentum) if isinstance(momentum, int | float) else None,
        nesterov=bool(getattr(inner, "nesterov", False)),
        weight_decay=_number(getattr(inner, "weight_decay", None)),
        clipped=any(
            getattr(part, name, None) is not None
            for part in chain
            for name in ("clipnorm", "clipvalue", "global_clipnorm")
        ),
        accumulation=math.prod(part.gradient_accumulation_steps or 1 for part in chain),
    )


def _chain(optimizer) -> list:
    """Returns an optimizer and those that it holds, from the outermost; of several, the first."""
    held = next((h for h in (getattr(optimizer, n, None) for n in _HOLDERS) if h is not None), None)
    if held is None and getattr(optimizer, "optimizers", None):
        held = optimizer.optimizers[0]
    return [optimizer] if held is None else [optimizer, *_chain(held)]


def _schedule(optimizer):
    try:
        return schedule_of(optimizer)
    except Exception:  # A schedule or an optimizer that cannot be serialized.
        return None


def _rate(optimizer, schedule, total_steps: int | None) -> float | None:
    if schedule is None:
        try:
            rates = optimizer_rates(optimizer)
        except Exception:  # A callable, or a tensor of another kind.
            return None
        found = [rate for name, rate in rates.items() if name.startswith("learning_rate")]
    else:
        last = max((total_steps or USUAL_STEPS) - 1, 0)
        steps = sorted({round(last * k / (MOST_STEPS - 1)) for k in range(MOST_STEPS)})
        found = [float(keras.ops.convert_to_numpy(schedule(step))) for step in steps]
    finite = [rate for rate in found if math.isfinite(rate)]
    return max(finite) if finite else None


def _number(value) -> float | None:
    return float(value) if isinstance(value, int | float) and not isinstance(value, bool) else None
