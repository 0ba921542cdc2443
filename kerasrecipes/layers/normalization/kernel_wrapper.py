"""Base class of wrappers that compute the kernel of the wrapped layer."""

from typing import Any

import keras
import numpy as np
from keras import ops

from kerasrecipes.layers.normalization.kernel_axes import output_axes
from kerasrecipes.layers.normalization.precision import full_precision


class KernelWrapper(keras.layers.Wrapper):
    """Base class of wrappers whose layer uses a computed kernel instead of its own.

    The wrapped layer's own kernel stays its weight. A subclass writes `compute_kernel(kernel)`,
    which is given that weight in float32 (or float64) and returns the kernel that the layer is to
    use. Gradients flow through this function.

    Args:
        layer: `Dense`, `Conv1D`, `Conv2D`, `Conv3D`, their transposes, `DepthwiseConv1D` or
            `DepthwiseConv2D`.
        **kwargs: As `keras.layers.Layer`. `dtype` defaults to the layer's.

    Call arguments:
        inputs: As those of `layer`.

    Returns:
        As `layer`.

    Raises:
        ValueError: If `layer` has no kernel, or a constraint on it.
    """

    def __init__(self, layer: keras.layers.Layer, **kwargs):
        super().__init__(layer, **{"dtype": getattr(layer, "dtype_policy", None), **kwargs})
        self.autocast = False  # The kernel is computed in full precision, and rounded then.
        self.output_axes = output_axes(layer)
        for constraint in ("kernel_constraint", "depthwise_constraint"):
            if getattr(layer, constraint, None) is not None:
                raise ValueError(
                    f"`layer` must have no `{constraint}`, which would constrain a weight that the "
                    f"kernel is computed from, not the kernel. Received: layer={layer!r}"
                )

    def build(self, input_shape=None):
        super().build(input_shape)
        rank = len(self.layer.kernel.shape)
        outputs = [axis % rank for axis in self.output_axes]
        self.input_axes = tuple(axis for axis in range(rank) if axis not in outputs)

    @property
    def kernel(self) -> Any:
        """The kernel that the wrapped layer uses, as a tensor of float32 (or float64)."""
        return self.compute_kernel(full_precision(self.layer.kernel))

    def compute_kernel(self, kernel):
        raise NotImplementedError(f"{type(self).__name__} must implement `compute_kernel`.")

    def call(self, inputs):
        # All variables are given values, because a scope hides those of the scope around it.
        values = [
            (variable, self.kernel if variable is self.layer.kernel else variable.value)
            for variable in self.layer.variables
        ]
        with keras.StatelessScope(values, collect_losses=True) as scope:
            outputs = self.layer(inputs)
        for loss in scope.losses:
            self.add_loss(loss)
        return outputs

    def compute_output_shape(self, input_shape):
        return self.layer.compute_output_shape(input_shape)

    def remove(self) -> keras.layers.Layer:
        """Returns a built layer without a wrapper that computes the same."""
        if not self.built:
            raise ValueError(
                f"{type(self).__name__} must be built before it is removed: call it, or its model, "
                "on some data first."
            )
        return self.plain_layer(self.kernel)

    def plain_layer(self, kernel, **changes: object) -> keras.layers.Layer:
        """Returns a built layer like the wrapped one, with another kernel.

        Args:
            kernel: The kernel of the new layer.
            **changes: Changes to its config. If it has a bias, it is that of the wrapped layer.
        """
        plain = type(self.layer).from_config(
            {**self.layer.get_config(), "name": self.name, **changes}
        )
        plain.build_from_config(self.layer.get_build_config())
        plain.kernel.assign(kernel)
        if plain.use_bias:
            plain.bias.assign(self.layer.bias)
        return plain

    def along_outputs(self, values):
        """Returns values, one for each output channel, in a shape that broadcasts to the kernel."""
        shape = np.array(self.layer.kernel.shape)
        shape[list(self.input_axes)] = 1
        return ops.reshape(values, shape.tolist())
