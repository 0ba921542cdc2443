"""Random walk initialization: gradients neither grow nor shrink over many layers."""

import math

import keras

from kerasrecipes.base.checks import check_choice


@keras.saving.register_keras_serializable(package="kerasrecipes")
class RandomWalk(keras.initializers.Initializer):
    """Draws normal weights at a scale that keeps the typical length of gradients.

        w ~ g / sqrt(N) * Normal(0, 1)
        relu:    g = sqrt(2) * exp(1.2 / (max(N, 6) - 2.4))
        linear:  g = exp(1 / (2 N))

    `N` is the fan-in. On the way back through the layers of a network, the logarithm of the
    gradient's length is a random walk. He's scale, `g = sqrt(2)`, keeps the mean of the squared
    length, but the mean of the logarithm falls by about `1.2 / N` in each layer. In a narrow
    network of hundreds of layers, typical gradients therefore vanish. With the `g` above, the
    random walk has no drift.

    In wide layers this is nearly the same as `HeNormal`, which truncates the normal distribution,
    and as `VarianceScaling(2.0, "fan_in", "untruncated_normal")`.

    Args:
        activation: `"relu"` or `"linear"`. Use `"linear"` for tanh, too, which is linear near zero.
        seed: Integer, `keras.random.SeedGenerator`, or `None` for a random one.

    Call arguments:
        shape: Shape of a kernel, with the outputs on the last axis.
        dtype: Dtype of the kernel. Defaults to Keras's `floatx`.

    Returns:
        Tensor of that shape and dtype.

    Raises:
        ValueError: If `activation` is neither of the two.

    Example:

    >>> print(round(RandomWalk().scale(100), 4), round(RandomWalk("linear").scale(100), 4))
    1.4317 1.005

    Reference:
        Sussillo and Abbott, 2014, https://arxiv.org/abs/1412.6558. Differs from it in: layers may
        have different widths, with the fan-in for `N`.
    """

    def __init__(self, activation: str = "relu", seed: object = None):
        check_choice("activation", activation, ("relu", "linear"))
        self.activation = activation
        self.seed = seed
        # It draws a seed if none is given, which this object then keeps.
        self._normal = keras.initializers.RandomNormal(seed=seed)

    def scale(self, fan_in: int) -> float:
        """Returns `g` for a fan-in."""
        if self.activation == "linear":
            return math.exp(1 / (2 * fan_in))
        return math.sqrt(2) * math.exp(1.2 / (max(fan_in, 6) - 2.4))

    def __call__(self, shape, dtype=None):
        fan_in = math.prod(shape[:-1])
        stddev = self.scale(fan_in) / math.sqrt(fan_in)
        return keras.initializers.RandomNormal(0.0, stddev, self._normal.seed)(shape, dtype)

    def get_config(self):
        return {"activation": self.activation, "seed": self._normal.get_config()["seed"]}
