"""Linear probe: a linear classifier on features."""

import warnings
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy.special import log_softmax

from kerasrecipes.base.checks import check_integer, check_number


@dataclass(frozen=True, eq=False)
class FittedProbe:
    """A fitted linear classifier with the logits `features @ kernel + bias`.

    Args:
        kernel: float32 array of shape `(features, classes)`.
        bias: float32 array of shape `(classes,)`.
        l2: The penalty, which was chosen by validation accuracy.
        validation_accuracy: The validation accuracy with this penalty.
    """

    kernel: np.ndarray
    bias: np.ndarray
    l2: float
    validation_accuracy: float

    def logits(self, features: np.ndarray) -> np.ndarray:
        """Returns logits `(samples, classes)` of features `(samples, features)`."""
        return features @ self.kernel + self.bias

    def correct(self, features: np.ndarray, labels: np.ndarray) -> int:
        """Returns how many samples are classified correctly."""
        return int(np.sum(self.logits(features).argmax(-1) == labels))


@dataclass(frozen=True)
class LinearProbe:
    """Multinomial logistic regression with an L2 penalty that is chosen on validation samples.

    Let `z` be the features, standardized to mean 0 and deviation 1 on the training samples. For
    each `l2`, from the largest to the smallest, L-BFGS minimizes

        mean(cross-entropy(z W + b)) + l2 / 2 * sum(W**2)

    starting from the weights of the `l2` before. The `l2` with the highest validation accuracy is
    chosen, and among equal ones that with the lowest cross-entropy. The standardization is then
    merged into the weights.

    Args:
        l2: The penalties to choose from, positive floats.
        iterations: Positive integer. The maximum number of L-BFGS iterations for each `l2`.

    Raises:
        ValueError: If there is no penalty to choose from, or one is not positive.

    Example:

    >>> features = np.array([[0.0, 0.0], [0.0, 1.0], [1.0, 0.0], [1.0, 1.0]], "float32")
    >>> probe = LinearProbe().fit(features, [0, 0, 1, 1], features, [0, 0, 1, 1])
    >>> probe.correct(features, [0, 0, 1, 1])
    4

    Reference:
        Alain and Bengio, 2016, https://arxiv.org/abs/1610.01644. Differs from it in: L2 is chosen
        on validation samples, as in Kornblith et al., 2019, https://arxiv.org/abs/1805.08974,
        section 3.
    """

    l2: Sequence[float] = (1e-6, 1e-5, 1e-4, 1e-3, 1e-2, 1e-1, 1.0)
    iterations: int = 300

    def __post_init__(self):
        if not len(self.l2):
            raise ValueError(f"`l2` must hold at least one penalty. Received: l2={self.l2!r}")
        for penalty in self.l2:
            check_number("l2", penalty, above=0)
        check_integer("iterations", self.iterations, at_least=1)

    def fit(
        self,
        features: np.ndarray,
        labels: Sequence[int] | np.ndarray,
        validation_features: np.ndarray,
        validation_labels: Sequence[int] | np.ndarray,
    ) -> FittedProbe:
        """Returns the classifier with the best penalty on the validation samples.

        Args:
            features: Array of shape `(samples, features)`.
            labels: Integers 0, 1, ... of shape `(samples,)`, with each class at least once.
            validation_features: The features of the validation samples.
            validation_labels: The labels of the validation samples.

        Raises:
            ValueError: If the features have another rank, or a class has no training sample.
        """
        # The import takes a second.
        from sklearn.exceptions import ConvergenceWarning
        from sklearn.linear_model import LogisticRegression

        features, labels = np.asarray(features, "float64"), np.asarray(labels)
        validation_features = np.asarray(validation_features, "float64")
        validation_labels = np.asarray(validation_labels)
        _check(features, labels, validation_labels)
        mean, deviation = features.mean(0), features.std(0)
        # A constant channel has no information, and no deviation to divide by.
        deviation[deviation < 1e-12] = 1.0
        standardized = (features - mean) / deviation
        regression = LogisticRegression(max_iter=self.iterations, warm_start=True)
        # With two classes, scikit-learn penalizes the difference `d` of their weights. Here these
        # are `-d / 2` and `d / 2`, whose squares add up to half of its square.
        share = 2 if labels.max() == 1 else 1
        found = []
        for penalty in sorted(self.l2, reverse=True):
            regression.set_params(C=share / (penalty * len(labels)))
            with warnings.catch_warnings():
                warnings.simplefilter("ignore", ConvergenceWarning)
                regression.fit(standardized, labels)
            kernel, bias = _weights(regression)
            kernel = kernel / deviation[:, np.newaxis]
            bias = bias - mean @ kernel
            logits = validation_features @ kernel + bias
            accuracy = float(np.mean(logits.argmax(-1) == validation_labels))
            chosen = log_softmax(logits, axis=-1)[np.arange(len(logits)), validation_labels]
            probe = FittedProbe(
                kernel.astype("float32"), bias.astype("float32"), float(penalty), accuracy
            )
            found.append((accuracy, float(chosen.mean()), probe))
        return max(found, key=lambda entry: entry[:2])[2]


def _weights(regression) -> tuple[np.ndarray, np.ndarray]:
    kernel, bias = regression.coef_.T, regression.intercept_
    if kernel.shape[1] == 1:
        # For two classes, scikit-learn keeps the difference of their logits.
        kernel, bias = np.hstack([-kernel, kernel]) / 2, np.array([-bias[0], bias[0]]) / 2
    return kernel, bias


def _check(features: np.ndarray, labels: np.ndarray, validation_labels: np.ndarray) -> None:
    if features.ndim != 2 or len(features) != len(labels):
        raise ValueError(
            "`features` must have shape (samples, features), with one row for each label. Pool "
            f"feature maps first. Received: features.shape={features.shape}, {len(labels)} labels"
        )
    classes = int(max(labels.max(), validation_labels.max())) + 1
    absent = sorted(set(range(classes)) - set(labels.tolist()))
    if absent or classes < 2:
        raise ValueError(
            "`labels` must hold every class, at least two of them. "
            f"Received: no samples of {absent or 'a second class'}"
        )
