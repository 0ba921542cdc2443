"""The principal axes of data."""

import numpy as np

from kerasrecipes.layers.preprocessing.streamed_moments import StreamedMoments


def principal_axes(
    moments: StreamedMoments, epsilon: float | None, name: str
) -> tuple[np.ndarray, np.ndarray]:
    """Returns what data varies along, and how much, the most first.

    Args:
        moments: Its moments, with the covariance.
        epsilon: Float of at least 0: what the caller adds to the variances to divide by their
            roots. `None` if it does not divide.
        name: The caller, for messages.

    Returns:
        Orthonormal axes, `(features, axes)`, one a column, and the variances along them, `(axes,)`.
        Each axis points to where its largest entry is positive, so that they do not depend on the
        library that finds them.

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
