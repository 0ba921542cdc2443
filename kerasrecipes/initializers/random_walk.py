"""A scale at which gradients neither grow nor shrink over many layers."""

import math

import keras

from kerasrecipes.base.checks import check_choice


@keras.saving.register_keras_serializable(package="kerasrecipes")
class RandomWalk(keras.initializers.Initializer):
    """Normal weights at the scale that keeps the logarithm of a gradient's length in place.

        w ~ g / sqrt(N) * Normal(0, 1)
        relu:    g = sqrt(2) * exp(1.2 / (max(N, 6) - 2.4))
        linear:  g = exp(1 / (2 N))

    `N` is the fan-in. Backwards through the layers of a network, the logarithm of the gradient's
    length walks at random. He's scale, `g = sqrt(2)`, keeps the mean of the squared length, but the
    mean of its logarithm falls, by about `1.2 / N` a layer: in a narrow network of hundreds of
    layers typical gradients vanish. With `g` the walk has no drift.

    In wide layers there is next to no difference to `HeNormal`, which is truncated, or to
    `VarianceScaling(2.0, "fan_in", "untruncated_normal")`, which is not.

    Args:
        activation: `"relu"`, or `"linear"`, which is also for tanh: near zero it is linear.
        seed: Integer, `keras.random.SeedGenerator`, or `None` for a random one.

    Call arguments:
        shape: Shape of a kernel, outputs last.
        dtype: Dtype of the kernel. Defaults to Keras's `floatx`.

    Returns:
        Tensor of that shape and dtype.

    Raises:
        ValueError: If `activation` is neither.

    Example:

    >>> print(round(RandomWalk().scale(100), 4), round(RandomWalk("linear").scale(100), 4))
    1.4317 1.005

    Reference:
        Sussillo and Abbott, 2014, https://arxiv.org/abs/1412.6558. Differs from it in: layers need
        not be of one width; `N` is the fan-in.
    """

    def __init__(self, activation: str = "relu", seed: object = None):
        check_choice("activation", activation, ("relu", "linear"))
        self.activation = activation
        self.seed = seed
        # Holds a seed that was drawn, so that it is one object's own.
        self._normal = keras.initializers.RandomNormal(seed=seed)

    def scale(self, fan_in: int) -> float:
        """Returns `g`."""
        if self.activation == "linear":
            return math.exp(1 / (2 * fan_in))
        return math.sqrt(2) * math.exp(1.2 / (max(fan_in, 6) - 2.4))

    def __call__(self, shape, dtype=None):
        fan_in = math.prod(shape[:-1])
        stddev = self.scale(fan_in) / math.sqrt(fan_in)
        return keras.initializers.RandomNormal(0.0, stddev, self._normal.seed)(shape, dtype)

    def get_config(self):
        return {"activation": self.activation, "seed": self._normal.get_config()["seed"]}
