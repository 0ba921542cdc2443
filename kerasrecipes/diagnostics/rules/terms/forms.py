"""Forms of targets, and the losses and activations that fit them."""

from typing import Any

from kerasrecipes.diagnostics.record.data_facts import Data, Values
from kerasrecipes.diagnostics.record.model_facts import Output

BINARY = {"binary_crossentropy", "binary_focal_crossentropy"}
CATEGORICAL = {"categorical_crossentropy", "categorical_focal_crossentropy"}
SPARSE = {"sparse_categorical_crossentropy"}
CROSSENTROPIES = BINARY | CATEGORICAL | SPARSE

# Losses of numbers. The second ones divide by the targets, or take logarithms of them.
DISTANCES = {"mean_squared_error", "mean_absolute_error", "huber", "log_cosh"}
RELATIVE = {"mean_absolute_percentage_error", "mean_squared_logarithmic_error", "poisson"}
REGRESSIONS = DISTANCES | RELATIVE

# Forms of targets that are classes.
CLASSES = ("binary", "signs", "indices", "one_hot", "multi_hot")

# The open intervals of activations that are bounded.
RANGES: dict[str, tuple[float, float]] = {
    "softmax": (0, 1),
    "sigmoid": (0, 1),
    "hard_sigmoid": (0, 1),
    "tanh": (-1, 1),
    "hard_tanh": (-1, 1),
    "softsign": (-1, 1),
    "relu": (0, float("inf")),
    "relu6": (0, 6),
    "softplus": (0, float("inf")),
    "exponential": (0, float("inf")),
}
PROBABILITIES = {"softmax", "sigmoid", "hard_sigmoid", "sparsemax"}
# Those that are known not to give probabilities.
NO_PROBABILITIES = {
    "linear",
    "relu",
    "relu6",
    "leaky_relu",
    "prelu",
    "elu",
    "selu",
    "celu",
    "gelu",
    "silu",
    "swish",
    "mish",
    "softplus",
    "softsign",
    "tanh",
    "hard_tanh",
    "exponential",
}

# How far a value may be outside of a range, as a fraction of the range or of the deviation.
TOLERANCE = 0.01


def form(values: Values | None) -> str:
    """Returns the form of targets.

    `"constant"`, `"binary"` (0 and 1, a column), `"signs"` (-1 and 1), `"indices"` (whole numbers
    from 0 or 1 without great gaps, three or more), `"one_hot"`, `"multi_hot"`, `"probabilities"`,
    `"fractions"` (in 0 to 1), `"real"`, or `"unknown"`.

    Example:

    >>> form(Values((), "int64", 9, 0, 1, 0.5, 0.5, integers=True, distinct=2))
    'binary'
    """
    if values is None or values.minimum is None or values.maximum is None:
        return "unknown"
    low, high = values.minimum, values.maximum
    vectors = bool(values.shape) and values.shape[-1] != 1
    if low == high:
        return "constant"
    if values.integers and not vectors:
        if (low, high) == (0, 1):
            return "binary"
        if (low, high) == (-1, 1) and values.distinct == 2:
            return "signs"
        return "indices" if _are_indices(values) else "real"
    if low < -TOLERANCE or high > 1 + TOLERANCE:
        return "real"
    sums = values.row_sums
    to_one = sums is not None and max(abs(sums[0] - 1), abs(sums[1] - 1)) < TOLERANCE
    if values.integers:
        return "one_hot" if to_one else "multi_hot"
    return "probabilities" if vectors and to_one else "fractions"


def _are_indices(values: Values) -> bool:
    """Returns whether whole numbers are those of classes: a few, from 0 or 1, most of them used."""
    low, high, distinct = values.minimum, values.maximum, values.distinct
    if low is None or high is None or distinct is None or low not in (0, 1):
        return False
    return distinct >= 0.9 * (high - low + 1) and values.samples > distinct


def is_autoencoder(output: Output, data: Data | None) -> bool:
    """Returns whether an output's targets are, or are made like, the inputs."""
    if output.targets is None or data is None:
        return False
    return any(
        _squeezed(x.shape) == _squeezed(output.targets.shape) and len(_squeezed(x.shape)) > 0
        for x in data.inputs
        if x.minimum == output.targets.minimum and x.maximum == output.targets.maximum
    )


def is_map(output: Output) -> bool:
    """Returns whether targets are images, sequences or the like: an answer for each place."""
    return output.targets is not None and len(_squeezed(output.targets.shape)) > 1


def units(output: Output) -> int | None:
    """Returns the length of an output's last axis."""
    return output.shape[-1] if output.shape else 1


def root_mean_square(values: Values) -> float:
    """Returns the root mean square of values, 0 if nothing is known."""
    if values.mean is None or values.std is None:
        return 0.0
    return (values.mean**2 + values.std**2) ** 0.5


def described_targets(values: Values) -> str:
    """Returns what targets are, in words."""
    kinds = {
        "constant": f"all {values.minimum:g}" if values.minimum is not None else "constant",
        "binary": "0 or 1",
        "signs": "-1 or 1",
        "indices": f"class numbers from {values.minimum or 0:g} to {values.maximum or 0:g}",
        "one_hot": f"one-hot rows of {values.shape[-1] if values.shape else 1}",
        "multi_hot": f"rows of {values.shape[-1] if values.shape else 1} zeros and ones",
        "probabilities": "rows of probabilities",
        "unknown": "not known",
    }
    numbers = f"numbers from {values.minimum or 0:.4g} to {values.maximum or 0:.4g}"
    return kinds.get(form(values), numbers)


def counts_hits(output: Output) -> bool:
    """Returns whether an accuracy is among an output's metrics."""
    return any("accuracy" in name for name in output.metrics)


def is_outside(values: Values, activation: str) -> bool:
    """Returns whether targets are outside of an activation's range."""
    if values.minimum is None or values.maximum is None:
        return False
    low, high = RANGES[activation]
    slack = TOLERANCE * max(1.0, values.std or 0.0)
    return values.minimum < low - slack or values.maximum > high + slack


def is_mostly_outside(values: Values, activation: str) -> bool:
    """Returns whether many targets are outside of an activation's range, not only some outliers."""
    mean, std = values.mean or 0.0, values.std or 0.0
    low, high = RANGES[activation]
    return mean - std < low or mean + std > high


def evidence_of(output: Output) -> dict[str, Any]:
    """Returns what was seen of an output, for a finding."""
    evidence: dict[str, Any] = {"activation": output.activation, "units": units(output)}
    if output.loss is not None:
        evidence |= {"loss": output.loss.name, "from_logits": output.loss.from_logits}
    if output.targets is not None:
        evidence |= {
            "targets": form(output.targets),
            "least_target": output.targets.minimum,
            "greatest_target": output.targets.maximum,
        }
    return evidence


def _squeezed(shape: tuple[int | None, ...]) -> tuple[int | None, ...]:
    return shape[:-1] if shape[-1:] == (1,) else shape
