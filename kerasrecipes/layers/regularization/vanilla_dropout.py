"""Dropout as it was first published."""

import keras
from keras import ops

from kerasrecipes.base.checks import check_number


@keras.saving.register_keras_serializable(package="kerasrecipes")
class VanillaDropout(keras.layers.Layer):
    """Drops outputs in training, and scales all outputs in inference.

    `m` is 1 with probability `1 - rate` and 0 otherwise, and is drawn for every output of every
    sample:

        training:   y = m * x
        inference:  y = (1 - rate) * x

    The outputs have the same mean in both. `keras.layers.Dropout` divides by `1 - rate` in training
    instead ("inverted" dropout), and changes nothing in inference. Use that one. This layer is here
    to show that both are the same network, with weights and learning rates that differ by powers of
    `1 - rate`.

    Args:
        rate: Float in `[0, 1)`. Probability to **drop** an output. In the code of lectures, `p` is
            the probability to keep it, `1 - rate`; in their text, it is often that to drop it.
        seed: Integer, or `None` for a random one.
        **kwargs: As `keras.layers.Layer`.

    Call arguments:
        inputs: Tensor of any rank.
        training: Whether to drop. Defaults to `False`.

    Returns:
        Tensor of the shape and dtype of `inputs`.

    Raises:
        ValueError: If `rate` is outside `[0, 1)`.

    Example:

    >>> layer = VanillaDropout(0.25, seed=0)
    >>> layer(np.ones(4)), set(ops.convert_to_numpy(layer(np.ones(99), training=True)).tolist())
    (<...[0.75...0.75...0.75...0.75]...>, {0.0, 1.0})

    Reference:
        Hinton et al., 2012, https://arxiv.org/abs/1207.0580.
    """

    def __init__(self, rate: float, seed: int | None = None, **kwargs):
        super().__init__(**kwargs)
        check_number("rate", rate, at_least=0, below=1)
        self.rate = rate
        self.seed = seed
        self.seed_generator = keras.random.SeedGenerator(seed)
        self.supports_masking = True

    def call(self, inputs, training=False):
        if not training:
            return inputs * (1 - self.rate)
        drawn = keras.random.uniform(ops.shape(inputs), dtype="float32", seed=self.seed_generator)
        return ops.where(drawn >= self.rate, inputs, ops.zeros_like(inputs))

    def compute_output_shape(self, input_shape):
        return input_shape

    def get_config(self):
        return {**super().get_config(), "rate": self.rate, "seed": self.seed}
