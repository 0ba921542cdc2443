"""The private name of Keras that lets JAX and PyTorch compute in float64."""

import contextlib
from collections.abc import Iterator

import keras


@contextlib.contextmanager
def promoted_to_double() -> Iterator[None]:
    """Lets Keras's operations return float64 where they take it, on JAX and PyTorch too.

    Uses: `BIT64_TO_BIT32_DTYPE`, the table by which `keras.backend.result_type` chooses types.

    Reason: but for TensorFlow, the table turns float64 into float32. Batch normalization, means and
    losses therefore round to float32, also where all their tensors are float64, and difference
    quotients are nothing but rounding.

    Fallback: nothing is changed; `check_gradients` leaves out what it cannot tell from rounding.

    Test: `tests/base/test_double_promotion.py`.
    """
    table = keras.backend.result_type.__globals__.get("BIT64_TO_BIT32_DTYPE", {})
    before = table.get("float64")
    if before is None:
        yield
        return
    try:
        table["float64"] = "float64"
        yield
    finally:
        table["float64"] = before
