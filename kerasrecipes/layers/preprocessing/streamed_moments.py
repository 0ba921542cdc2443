"""Mean and covariance of samples, accumulated batch by batch."""

import numpy as np


class StreamedMoments:
    """The mean, and the variances or the covariance matrix, of all samples so far.

    Sums are accumulated in float64 over differences from the mean of the first batch, `s`, so that
    no digits are lost where the mean is much larger than the deviation:

        mean = s + sum(x - s) / N
        covariance = sum((x - s) (x - s)^T) / N - (mean - s) (mean - s)^T

    The memory does not depend on the number of samples.

    Args:
        covariance: Whether to accumulate the covariance matrix, with `features` squared numbers, or
            only the variances.

    Example:

    >>> moments = StreamedMoments(covariance=True)
    >>> moments.add(np.array([[1.0, 2.0]]))
    >>> moments.add(np.array([[3.0, 2.0], [5.0, 8.0]]))
    >>> moments.mean
    array([3., 4.])
    >>> moments.covariance
    array([[2.66666667, 4.        ],
           [4.        , 8.        ]])
    """

    def __init__(self, covariance: bool = False):
        self.samples = 0
        self._covariance = covariance

    def add(self, samples: np.ndarray) -> None:
        """Adds samples, `(samples, features)`, of any dtype.

        Raises:
            ValueError: If a sample is not finite, or the number of features is not that of earlier
                samples.
        """
        samples = np.asarray(samples, "float64")
        if not np.isfinite(samples).all():
            raise ValueError("Samples must be finite. Received: NaN or infinity")
        if not len(samples):
            return
        if not self.samples:
            features = samples.shape[1]
            self._shift = samples.mean(axis=0)
            self._sum = np.zeros(features)
            self._products = np.zeros((features, features) if self._covariance else features)
        if samples.shape[1] != len(self._shift):
            raise ValueError(
                f"All samples must have {len(self._shift)} features. Received: {samples.shape[1]}"
            )
        samples = samples - self._shift
        self.samples += len(samples)
        self._sum += samples.sum(axis=0)
        self._products += (
            samples.T @ samples if self._covariance else np.square(samples).sum(axis=0)
        )

    @property
    def mean(self) -> np.ndarray:
        """Mean, `(features,)`."""
        return self._shift + self._sum / self.samples

    @property
    def variance(self) -> np.ndarray:
        """Variances of the population, `(features,)`: sums of squares are divided by `N`."""
        if self._covariance:
            return np.diag(self.covariance).copy()
        # Rounding may turn a variance of 0 into a negative number.
        return np.maximum(self._products / self.samples - (self._sum / self.samples) ** 2, 0)

    @property
    def covariance(self) -> np.ndarray:
        """Covariance of the population, `(features, features)`: sums are divided by `N`."""
        mean = self._sum / self.samples
        return self._products / self.samples - np.outer(mean, mean)
