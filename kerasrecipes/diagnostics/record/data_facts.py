"""Facts of the data that a model is trained on."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Values:
    """Statistics of an array whose first axis counts samples. NaN and infinities are left out.

    Args:
        shape: The shape of a sample.
        dtype: NumPy's name of the type, such as `"float32"`.
        samples: The number of samples that were looked at.
        minimum: `None` if no value is finite, as in all other statistics.
        maximum: Likewise.
        mean: Likewise.
        std: The standard deviation of all values.
        finite_fraction: The fraction of the values that are finite.
        integers: Whether all values are whole numbers.
        distinct: The number of distinct values, `None` if more than 1,000.
        distinct_samples: The number of distinct samples.
        row_sums: The least and the greatest sum over the last axis.
        column_means: The mean of each entry of a flattened sample; of 256 evenly spaced ones, if it
            has more. Entries that are never finite are left out.
        column_stds: Likewise, the standard deviations.
        column_minima: Likewise.
        column_maxima: Likewise.
        class_counts: How often each class occurs, if the values are class indices (0 to their
            maximum) or one-hot rows.
        same_neighbours: The fraction of successive samples, in the order in which they were given,
            that have the same class.
        rising: The fraction of successive samples, likewise, that are greater than the one before,
            if a sample is a single number, among those that differ.
    """

    shape: tuple[int, ...]
    dtype: str
    samples: int
    minimum: float | None = None
    maximum: float | None = None
    mean: float | None = None
    std: float | None = None
    finite_fraction: float = 1.0
    integers: bool = False
    distinct: int | None = None
    distinct_samples: int | None = None
    row_sums: tuple[float, float] | None = None
    column_means: tuple[float, ...] = ()
    column_stds: tuple[float, ...] = ()
    column_minima: tuple[float, ...] = ()
    column_maxima: tuple[float, ...] = ()
    class_counts: tuple[int, ...] | None = None
    same_neighbours: float | None = None
    rising: float | None = None


@dataclass(frozen=True)
class Duplicates:
    """Samples that occur more than once.

    Args:
        looked_at: The number of samples that were compared.
        training: How many training samples equal an earlier one.
        shared: How many validation samples equal a training sample.
        near: How many further validation images look like a training image.
        validation_looked_at: The number of validation samples that were compared.
        contradicting: How many training samples equal another one that has another label.
    """

    looked_at: int
    training: int
    shared: int | None = None
    near: int | None = None
    validation_looked_at: int | None = None
    contradicting: int | None = None


@dataclass(frozen=True)
class Data:
    """Facts of the data, as far as they are known.

    Args:
        source: What `fit` or `check` was given: `"arrays"`, `"tf.data"`, `"PyDataset"`,
            `"generator"` or `"unknown"`.
        samples: The number of training samples.
        batch_size: Samples a batch.
        steps_per_epoch: Batches an epoch.
        shuffled: Whether the samples are shuffled before each epoch.
        inputs: The values of each input.
        validation_samples: The number of validation samples, 0 if there are none.
        validation_inputs: The values of each validation input.
        validation_targets: The values of each validation target.
        duplicates: Samples that occur more than once.
        class_weights: Whether classes or samples are weighted, or classes drawn by shares, or the
            loss adjusted to how frequent they are.
    """

    source: str = "unknown"
    samples: int | None = None
    batch_size: int | None = None
    steps_per_epoch: int | None = None
    shuffled: bool | None = None
    inputs: tuple[Values, ...] = ()
    validation_samples: int | None = None
    validation_inputs: tuple[Values, ...] = ()
    validation_targets: tuple[Values, ...] = ()
    duplicates: Duplicates | None = None
    class_weights: bool = False
