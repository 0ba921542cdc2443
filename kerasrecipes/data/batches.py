"""Batches of images and labels, for training and for evaluation.

The samples of a batch, and the random numbers that augment them, are a pure function of the run's
seed and the number of the step. So a run has the same batches with one worker or several, resumed
or uninterrupted.

With TensorFlow, batches come from `tf.data` and images are augmented on the host. With JAX and
PyTorch, batches come from a `PyDataset` and images are augmented on the device, compiled with JAX.
"""

import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor

import keras
import numpy as np

from kerasrecipes.data.augment import Augmentation
from kerasrecipes.data.balancing.sampled_order import SampledClasses, SampledOrder
from kerasrecipes.data.filling import compiles_each_size, filled
from kerasrecipes.data.sample_order import Order
from kerasrecipes.data.split import Split

# Small batches that are not augmented are read in groups of at most this size: to hand a single
# one from Python to TensorFlow takes longer than a training step of a model's last layer.
GROUP_BYTES = 2**20
# How many batches are read ahead, and by how many threads those of a `PyDataset`.
READ_AHEAD, READERS = 8, 2


def training_batches(
    split: Split,
    *,
    batch_size: int,
    seed: int,
    steps_per_epoch: int,
    epochs: range,
    first_step: int = 0,
    augment: Sequence[keras.layers.Layer] = (),
    classes: int | None = None,
    class_weight: Mapping[int, float] | None = None,
    sampled: SampledClasses | None = None,
):
    """Returns shuffled, augmented batches `(images, labels)` for `fit`.

    Args:
        split: Where the samples come from.
        batch_size: Positive integer.
        seed: Non-negative integer.
        steps_per_epoch: Positive integer. Pass it to `fit` too.
        epochs: The epochs that remain, `range(initial_epoch, epochs)`.
        first_step: The number of steps of the first of these epochs that are done already.
        augment: The layers that augment images, as `Augmentation` takes them.
        classes: The number of classes. Needed if a layer mixes labels.
        class_weight: The weight of each label in the loss, for mixed labels: batches then contain
            sample weights. For other labels, give the weights to `fit` instead.
        sampled: The share with which each class is drawn, as `PowerSampling().on(labels, names)`
            returns it. Defaults to `None`: every pass over the data takes each image once.

    Returns:
        A `tf.data.Dataset` with TensorFlow, a `keras.utils.PyDataset` with JAX and PyTorch.
    """
    order = training_order(split.labels, batch_size, seed, sampled)
    steps = range(epochs.start * steps_per_epoch + first_step, epochs.stop * steps_per_epoch)
    augmentation = Augmentation(augment, classes, class_weight) if augment else None
    if keras.backend.backend() == "tensorflow":
        return _tensorflow_batches(split, order, steps, augmentation)
    return _Batches(split, order, steps, augmentation)


def training_order(
    labels: np.ndarray, batch_size: int, seed: int, sampled: SampledClasses | None = None
) -> Order:
    """Returns the order of the training images; the arguments are those of `training_batches`."""
    if sampled is None:
        return Order(len(labels), batch_size, seed)
    return SampledOrder(len(labels), batch_size, seed, labels, sampled)


def evaluation_batches(split: Split, batch_size: int):
    """Returns every sample once, in the order of the data, as batches `(images, labels)`."""
    return ordered_batches(split, batch_size, range(-(-len(split) // batch_size)))


def ordered_batches(
    split: Split, batch_size: int, steps: range, augment: Sequence[keras.layers.Layer] = ()
):
    """Returns batches `(images, labels)` in the order of the data.

    Args:
        split: Where the samples come from.
        batch_size: Positive integer.
        steps: The numbers of the batches, counted on from pass to pass over the data.
        augment: As in `training_batches`. Each pass draws new random numbers.
    """
    order = Order(len(split), batch_size, seed=None)
    augmentation = Augmentation(augment) if augment else None
    if keras.backend.backend() == "tensorflow":
        return _tensorflow_batches(split, order, steps, augmentation)
    return _Batches(split, order, steps, augmentation)


def shuffled_images(split: Split, batch_size: int, batches: int) -> Iterator[np.ndarray]:
    """Yields up to `batches` batches of different images, the same ones in every call."""
    order = Order(len(split), batch_size, seed=0)
    for step in range(min(batches, order.steps)):
        yield split.read(order.indices(step))


def _key(order: Order, step: int, size: int, augmentation: Augmentation | None) -> np.ndarray:
    """Returns the key of a batch, for a batch that is filled to some size."""
    key = order.key(step)
    if augmentation is None or not augmentation.takes_turns:
        return key
    return np.concatenate([key, filled(order.turns(step), size)])


def _tensorflow_batches(split, order: Order, steps: range, augmentation: Augmentation | None):
    import tensorflow as tf

    dtype = tf.as_dtype(getattr(split, "dtype", np.uint8))
    batch_bytes = order.batch_size * math.prod(split.image_shape) * dtype.size
    if augmentation is None and 2 * batch_bytes <= GROUP_BYTES:
        return _grouped_batches(split, order, steps, dtype, GROUP_BYTES // batch_bytes)

    def read(step):
        indices = order.indices(step)
        key = _key(order, step, len(indices), augmentation)
        return split.read(indices), split.labels[indices], key

    def read_batch(step):
        images, labels, key = tf.numpy_function(
            read, [step], [dtype, tf.int32, tf.uint32], stateful=False
        )
        images.set_shape((None, *split.image_shape))
        labels.set_shape((None,))
        key.set_shape((None if augmentation and augmentation.takes_turns else 2,))
        return (images, labels) if augmentation is None else (images, labels, key)

    # One reader: several would wait for Python's lock, and large images are decoded by threads
    # anyway. Augmentation consists of TensorFlow's operations and runs in parallel to it.
    dataset = tf.data.Dataset.range(steps.start, steps.stop)
    dataset = dataset.map(read_batch, num_parallel_calls=1, deterministic=True)
    if augmentation is not None:
        dataset = dataset.map(augmentation, num_parallel_calls=tf.data.AUTOTUNE, deterministic=True)
    return _read_ahead(dataset)


def _grouped_batches(split: Split, order: Order, steps: range, dtype, group: int):
    import tensorflow as tf

    numbers = np.arange(steps.start, steps.stop)
    # A group ends with its pass at the latest, because the last batch may have fewer samples.
    starts = numbers[(numbers == steps.start) | (numbers % order.steps % group == 0)]
    stops = np.append(starts[1:], steps.stop)

    def read(start, stop):
        indices = np.concatenate([order.indices(step) for step in range(start, stop)])
        return split.read(indices), split.labels[indices]

    def read_group(start, stop):
        images, labels = tf.numpy_function(read, [start, stop], [dtype, tf.int32], stateful=False)
        images.set_shape((None, *split.image_shape))
        labels.set_shape((None,))
        return tf.data.Dataset.from_tensor_slices((images, labels)).batch(order.batch_size)

    dataset = tf.data.Dataset.from_tensor_slices((starts, stops)).flat_map(read_group)
    dataset = dataset.apply(tf.data.experimental.assert_cardinality(len(steps)))
    return _read_ahead(dataset)


def _read_ahead(dataset):
    """Returns a `tf.data.Dataset` that keeps batches ready, without the thread that tunes how many.

    Where a process has a single core, the end of `fit` may wait for that thread: the longer, the
    longer the training was, up to seven seconds after one of thirteen (TensorFlow 2.21).
    """
    import tensorflow as tf

    options = tf.data.Options()
    options.autotune.enabled = False
    return dataset.prefetch(READ_AHEAD).with_options(options)


class _Batches(keras.utils.PyDataset):
    """The batches of all steps of a run, or of one pass over a split, read ahead by threads.

    Keras's own threads are not used. To build a model, Keras reads the first batch before it
    trains or evaluates; what its threads have read ahead by then comes before the first batch.

    Batches that draw from PyTorch's global generator are not read ahead: the draws of the thread
    that trains, such as those of dropout, would change with the time at which another one draws.
    """

    def __init__(self, split, order, steps, augmentation):
        super().__init__(workers=1)  # With one worker, Keras starts no thread.
        self.split = split
        self.order = order
        self.steps = steps
        self.reads_ahead = augmentation is None or not augmentation.draws_globally
        self.augmentation = _on_device(augmentation)
        self.described = augmentation
        # Draws for a sample do not depend on how many there are, if no layer looks at others.
        self.fills = compiles_each_size() and augmentation is not None and augmentation.is_by_sample
        self._readers = ThreadPoolExecutor(READERS)
        self._reading: dict[int, Future] = {}

    def __len__(self):
        return len(self.steps)

    def __getitem__(self, index):
        if not self.reads_ahead:
            return self._read(self.steps[index])
        steps = self.steps[index : index + 1 + READ_AHEAD]
        # What was read ahead for another place is dropped.
        self._reading = {
            step: self._reading.get(step) or self._readers.submit(self._read, step)
            for step in steps
        }
        return self._reading.pop(steps[0]).result()

    def _read(self, step):
        indices = self.order.indices(step)
        images, labels = self.split.read(indices), self.split.labels[indices]
        if self.augmentation is None:
            return images, labels
        size, samples = self.order.batch_size, len(indices)
        fills = self.fills and samples < size
        key = _key(self.order, step, size if fills else samples, self.described)
        if not fills:
            return self.augmentation(images, labels, key)
        augmented = self.augmentation(filled(images, size), filled(labels, size), key)
        return tuple(part[:samples] for part in augmented)


def _on_device(augmentation: Augmentation | None) -> Callable | None:
    if augmentation is None or keras.backend.backend() != "jax":
        return augmentation
    import jax

    return jax.jit(augmentation)
