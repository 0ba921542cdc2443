"""Principal axes of data."""

import numpy as np

from kerasrecipes.layers.preprocessing.streamed_moments import StreamedMoments


def principal_axes(
    moments: StreamedMoments, epsilon: float | None, name: str
) -> tuple[np.ndarray, np.ndarray]:
    """Returns the principal axes of data and the variances along them, the largest first.

    Args:
        moments: Moments of the data, with the covariance.
        epsilon: Float of at least 0, which the caller adds to the variances before it divides by
            their roots. `None` if it does not divide.
        name: Name of the caller, for errors.

    Returns:
        Orthonormal axes as columns, `(features, axes)`, and variances, `(axes,)`. The sign of each
        axis is such that its largest entry is positive, whatever the library that computes it.

    Raises:
        ValueError: If the data is constant, or has an axis without variance and `epsilon` is 0.
    """
    variances, axes = np.linalg.eigh(moments.covariance)
    variances, axes = np.maximum(variances[::-1], 0), axes[:, ::-1]
    if variances[0] <= np.finfo("float64").eps * np.square(moments.mean).max():
        raise ValueError(f"{name} must adapt to samples that differ. Received: a constant")
    flat = variances <= variances[0] * len(variances) * np.finfo("float64").eps
    if epsilon == 0 and flat.any():
        raise ValueError(
            f"`epsilon` of {name} must be greater than 0 for data that does not vary in every "
            f"direction. Received: epsilon={epsilon}, {flat.sum()} of {len(flat)} principal axes "
            f"without variance, in {moments.samples} samples"
        )
    largest = np.abs(axes).argmax(axis=0)
    return axes * np.sign(axes[largest, np.arange(axes.shape[1])]), variances
