"""Version of the numbers that recipes train to."""

# Raised whenever the same recipe on the same data would train to other numbers: by another default,
# order or rule. Runs and rows of other versions are shown, but never resumed, reused or paired.
#
# 1: everything that records no version.
# 2: named losses take logits; monitors have the direction of their metric; streamed data are known
#    by the content of their files; `PolicyAugment`'s colour cuts as Pillow does; stages are
#    unfrozen by batches, however many make an update.
# 3: `"batch"` has a momentum of 0.9; short runs are validated with batch normalization's statistics
#    of training images, which are augmented, also those of averaged weights; losses of
#    probabilities get the softmax of the logits, metrics of scores the logits; on JAX and PyTorch,
#    a run begins with the first batch of its order, as on TensorFlow; on PyTorch, what dropout
#    draws does not depend on what was computed before the training.
NUMERICS_VERSION = 3


def version_of(record) -> int:
    """Returns the numerics version that an environment.json or the row of a table records.

    Example:

    >>> version_of({"numerics_version": 2}), version_of({}), version_of({"numerics_version": None})
    (2, 1, 1)
    """
    return int(record.get("numerics_version") or 1)
