"""Stochastic depth: random dropping of residual branches."""

import keras
from keras import ops

from kerasrecipes.base.checks import check_number


@keras.saving.register_keras_serializable(package="kerasrecipes")
class StochasticDepth(keras.layers.Layer):
    """Drops the whole residual branch of some samples of a batch.

    Put it at the end of the branch `F` of a residual block, before the addition. `b` is 1 with
    probability `1 - rate` and 0 otherwise, and is drawn once for each sample:

        training:   x + b / (1 - rate) * F(x)
        inference:  x + F(x)

    It helps in deep residual networks; see `stochastic_depth_rate` of `ResNet` and `ResNetCIFAR`,
    which raises the rate from block to block. It takes next to no time and saves none: branches
    that are dropped are computed all the same.

    **Names.** EfficientNet's code and timm call this "drop connect"; timm also calls it "drop
    path". `DropConnect` is another technique, which drops single weights.

    Args:
        rate: Float in `[0, 1)`. Probability to **drop** a branch. The paper's `p` is the
            probability to keep it.
        seed: Integer, or `None` for a random one.
        **kwargs: As `keras.layers.Layer`.

    Call arguments:
        inputs: The branch's output, `(batch, ...)`.
        training: Whether to drop. Defaults to `False`.

    Returns:
        Tensor of the shape and dtype of `inputs`.

    Raises:
        ValueError: If `rate` is outside `[0, 1)`.

    Example:

    >>> branches = StochasticDepth(0.5, seed=0)(np.ones((64, 4, 4, 3)), training=True)
    >>> print(np.unique(ops.convert_to_numpy(branches).reshape(64, -1), axis=1).shape)
    (64, 1)

    Reference:
        Huang et al., 2016, https://arxiv.org/abs/1603.09382. Differs from it in: `b` is drawn for
        each sample, not once for the batch; training divides by `1 - rate`, where the paper
        multiplies by it in inference. For images, `keras.layers.Dropout` does the same with
        `noise_shape=(None, 1, 1, 1)`.
    """

    def __init__(self, rate: float, seed: int | None = None, **kwargs):
        super().__init__(**kwargs)
        check_number("rate", rate, at_least=0, below=1)
        self.rate = rate
        self.seed = seed
        self.seed_generator = keras.random.SeedGenerator(seed)
        self.supports_masking = True

    def call(self, inputs, training=False):
        if not training or self.rate == 0:
            return inputs
        one_a_sample = (ops.shape(inputs)[0], *[1] * (len(inputs.shape) - 1))
        ones = ops.ones(one_a_sample, dtype=inputs.dtype)
        return inputs * keras.random.dropout(ones, self.rate, seed=self.seed_generator)

    def compute_output_shape(self, input_shape):
        return input_shape

    def get_config(self):
        return {**super().get_config(), "rate": self.rate, "seed": self.seed}
