"""Orthogonalization of matrices by Newton-Schulz steps."""

import math
from collections.abc import Sequence

from keras import ops

# Jordan et al., 2024: the quintic polynomial with the steepest slope at 0 that stays within about
# [0.7, 1.2] once it is there.
QUINTIC = (3.4445, -4.7750, 2.0315)
# Products of more polynomials than this would amplify rounding errors in float32: see below.
_STEPS_OF_A_GRAM = 3
# Where a matrix has at least this many rows for each column, the small form costs less.
_TALL = 1.5


def orthogonalized(matrices, coefficients: Sequence[float], steps: int):
    """Returns matrices whose singular values are all about 1, with the same singular vectors.

    Each matrix `X` is divided by its Frobenius norm. Then, in each step, with `A = X^T X`:

        X = X (a I + b A + c A A)

    This changes the singular values and nothing else: a value `s` becomes `a s + b s^3 + c s^5`.
    Values that start below about `a ** -steps` do not come near 1; those of 0 stay 0.

    All factors are polynomials of the first `A`, and so commute. For tall matrices their product is
    therefore computed from matrices of the small size alone, and `X` is multiplied once for three
    steps instead of twice for each. For a kernel of 3x3 pixels and five steps that is half of the
    operations. After three steps `A` is computed anew from `X`: carried further, the rounding
    errors of its small eigenvalues would grow, by `a ** 2` a step.

    Args:
        matrices: `(batch, rows, columns)`, floats.
        coefficients: Three floats: `a`, `b`, `c`.
        steps: Positive integer.

    Returns:
        Tensor of the same shape and dtype. Where a matrix is 0, or so small that its norm is, it
        is 0. If a number is not finite, no number of that matrix is; other matrices are unharmed.

    Reference:
        Jordan et al., 2024, https://kellerjordan.github.io/posts/muon (the iteration);
        Zhang et al., 2026, https://tridao.me/blog/2026/gram-newton-schulz (the small form, and its
        start anew). Differs from it in: float32 is kept, and `A` is computed anew less often.
    """
    rows, columns = matrices.shape[-2:]
    if rows < columns:
        return _transposed(orthogonalized(_transposed(matrices), coefficients, steps))
    norms = ops.sqrt(ops.sum(ops.square(matrices), axis=(-2, -1), keepdims=True))
    x = matrices / ops.where(norms == 0, ops.ones_like(norms), norms)
    if rows < _TALL * columns:
        for _ in range(steps):
            x = x @ _polynomial(_gram(x), coefficients)
        return x
    for done in range(0, steps, _STEPS_OF_A_GRAM):
        factor = _product(_gram(x), coefficients, min(_STEPS_OF_A_GRAM, steps - done))
        x = x @ factor
    return x


def _product(gram, coefficients, steps):
    """Returns the product of the polynomials of several steps."""
    product = polynomial = _polynomial(gram, coefficients)
    for _ in range(steps - 1):
        # What the Gram matrix of `X` becomes when `X` is multiplied by the polynomial.
        gram = polynomial @ gram @ polynomial
        polynomial = _polynomial(gram, coefficients)
        product = product @ polynomial
    return product


def _polynomial(gram, coefficients):
    a, b, c = coefficients
    identity = ops.eye(gram.shape[-1], dtype=gram.dtype)
    return a * identity + b * gram + c * (gram @ gram)


def _gram(x):
    return _transposed(x) @ x  # Not `ops.matmul`, which turns float64 into float32 on PyTorch.


def _transposed(x):
    return ops.transpose(x, (0, 2, 1))


def as_matrix_shape(shape: Sequence[int]) -> tuple[int, int]:
    """Returns the shape of a kernel as a matrix: all that leads to an output, by the outputs.

    Example:

    >>> as_matrix_shape((3, 3, 64, 128))
    (576, 128)
    """
    return math.prod(shape[:-1]), shape[-1]
