"""DropConnect: random dropping of weights."""

import keras
from keras import ops

from kerasrecipes.base.checks import check_integer, check_number
from kerasrecipes.layers.regularization.per_example import convolve_each, multiply_each


@keras.saving.register_keras_serializable(package="kerasrecipes")
class DropConnect(keras.layers.Wrapper):
    """Drops single weights of a layer, drawn for each example of a batch.

    The wrapped layer has the kernel `W`, the bias `b` and the activation `a`; its input is `v`. The
    entries of the mask `M` are 1 with probability `1 - rate` and 0 otherwise, and are drawn for
    every weight and every example:

        training:   r = a((M * W) v / (1 - rate) + b)
        inference:  r = a(W v + b), or the mean of a(u) over samples of
                    u ~ Normal(W v + b, rate / (1 - rate) (W * W)(v * v))

    `u` approximates what training computes before the activation: a sum over many weights is nearly
    Gaussian. The first, cheaper form of inference applies `a` to the mean of `u` instead of taking
    the mean of `a(u)`. For the two to differ, the activation must be in the wrapped layer and not
    in a layer behind it.

    When to use: on large dense layers, where dropout helps, too. Training takes somewhat longer.

    **Memory.** In training every example has a kernel of its own. That takes `batch * kernel`
    numbers for the forward pass and as many for the backward pass: for 128 examples and a layer of
    1024 x 1024, 0.5 GiB each. Except on PyTorch, a convolution also stores a window of its input
    for each pixel, `rows * columns` times the input. Inference needs memory for the layer and a few
    of its outputs, whatever `inference_samples` is.

    Args:
        layer: A `keras.layers.Dense`, or a `keras.layers.Conv2D` with channels last and `groups=1`.
            Its bias is never dropped.
        rate: Float in `[0, 1)`. Probability to **drop** a weight. The paper's `p` is the
            probability to keep it.
        inference_samples: Integer of at least 0. Number of Gaussian samples in inference; 0 for the
            mean alone. The same samples are used for all examples, so that a prediction depends on
            nothing but the input.
        seed: Integer, or `None` for random masks. With `None`, too, the Gaussian samples are always
            the same.
        **kwargs: As `keras.layers.Layer`. The dtype defaults to the layer's.

    Call arguments:
        inputs: As `layer` takes them. All positions of an example have the same mask.
        training: Whether to drop. Defaults to `False`.

    Returns:
        Tensor of the shape and dtype that `layer` returns.

    Raises:
        TypeError: If `layer` is of another class.
        ValueError: If an argument is out of range.

    Example:

    >>> layer = DropConnect(keras.layers.Dense(2, kernel_initializer="ones"), rate=0.5, seed=0)
    >>> inputs = np.ones((10_000, 4))
    >>> layer(inputs)[0], ops.unique(layer(inputs, training=True))
    (<...[4...4...]...>, <...[0...2...4...6...8...]...>)

    Reference:
        Wan et al., 2013, https://proceedings.mlr.press/v28/wan13.html. Differs from it in: training
        divides by `1 - rate`, where the paper multiplies by it in inference. The network is the
        same with weights `1 / (1 - rate)` times as large, and inference by the mean is the wrapped
        layer. Biases are not dropped; all examples have the same Gaussian samples. EfficientNet's
        code calls `StochasticDepth` "drop connect".
    """

    def __init__(
        self,
        layer: keras.layers.Layer,
        rate: float = 0.5,
        inference_samples: int = 0,
        seed: int | None = None,
        **kwargs,
    ):
        _check_layer(layer)
        super().__init__(layer, **{"dtype": layer.dtype_policy, **kwargs})
        check_number("rate", rate, at_least=0, below=1)
        check_integer("inference_samples", inference_samples, at_least=0)
        self.rate = rate
        self.inference_samples = inference_samples
        self.seed = seed
        self.seed_generator = keras.random.SeedGenerator(seed)

    def call(self, inputs, training=False):
        if self.rate == 0 or not (training or self.inference_samples):
            return self.layer(inputs)
        return self._drop(inputs) if training else self._average(inputs)

    def _drop(self, inputs):
        kernel = ops.convert_to_tensor(self.layer.kernel)
        one_each = ops.broadcast_to(kernel, (ops.shape(inputs)[0], *kernel.shape))
        kernels = keras.random.dropout(one_each, self.rate, seed=self.seed_generator)
        if isinstance(self.layer, keras.layers.Dense):
            outputs = multiply_each(inputs, kernels)
        else:
            outputs = convolve_each(inputs, kernels, **self._geometry())
        return self._activate(outputs)

    def _average(self, inputs):
        """Returns the mean of the activation over Gaussian samples, at least in float32."""
        dtype = keras.backend.result_type(self.compute_dtype, "float32")
        inputs = ops.cast(inputs, dtype)
        kernel = ops.cast(self.layer.kernel, dtype)
        mean = self._multiply(inputs, kernel)
        variance = self.rate / (1 - self.rate) * self._multiply(inputs**2, kernel**2)
        # The root has no gradient at 0, which is the variance if all inputs are 0.
        deviation = ops.sqrt(variance + keras.config.epsilon() ** 2)
        noise = keras.random.normal(
            (self.inference_samples, kernel.shape[-1]), dtype=dtype, seed=self.seed or 0
        )

        def add(sample, total):
            return total + self._activate(mean + deviation * ops.take(noise, sample, axis=0))

        total = ops.fori_loop(0, self.inference_samples, add, ops.zeros_like(mean))
        return ops.cast(total / self.inference_samples, self.compute_dtype)

    def _multiply(self, inputs, kernel):
        if isinstance(self.layer, keras.layers.Dense):
            return ops.matmul(inputs, kernel)
        return ops.conv(inputs, kernel, data_format="channels_last", **self._geometry())

    def _activate(self, outputs):
        if self.layer.use_bias:
            outputs = outputs + ops.cast(self.layer.bias, outputs.dtype)
        return self.layer.activation(outputs)

    def _geometry(self):
        names = ("strides", "padding", "dilation_rate")
        return {name: getattr(self.layer, name) for name in names}

    def compute_output_shape(self, input_shape):
        return self.layer.compute_output_shape(input_shape)

    def get_config(self):
        return {
            **super().get_config(),
            "rate": self.rate,
            "inference_samples": self.inference_samples,
            "seed": self.seed,
        }


def _check_layer(layer: object) -> None:
    # A subclass may use its kernel in another way.
    if type(layer) not in (keras.layers.Dense, keras.layers.Conv2D):
        raise TypeError(
            "`layer` must be a keras.layers.Dense or a keras.layers.Conv2D, since this wrapper "
            f"computes their outputs itself. Received: layer={layer!r}"
        )
    if isinstance(layer, keras.layers.Conv2D) and (
        layer.groups != 1 or layer.data_format != "channels_last"
    ):
        raise ValueError(
            "`layer` must be a convolution with groups=1 and data_format='channels_last'. "
            f"Received: groups={layer.groups}, data_format={layer.data_format!r}"
        )
