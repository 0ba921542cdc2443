"""Muon for the kernels of convolutions and dense layers."""

from collections.abc import Mapping, Sequence

import keras
from keras import ops

from kerasrecipes.base.checks import check_choice, check_integer, check_number
from kerasrecipes.base.private.optimizers import DecaysWithinItsStep, TogetherUpdates, update_all
from kerasrecipes.optimizers._base.base_optimizer import dense
from kerasrecipes.optimizers._base.kernel_choice import kernels_that_mix_channels
from kerasrecipes.optimizers._base.orthogonalization import QUINTIC, as_matrix_shape, orthogonalized
from kerasrecipes.optimizers._base.step_numbers import step_dtype
from kerasrecipes.optimizers._base.update_wrapper import UpdateWrapper
from kerasrecipes.optimizers.layerwise_learning_rates import (
    check_multipliers,
    plain_multipliers,
    resolve_multipliers,
)

# By which number a step is multiplied, from the number of outputs and of inputs to each.
_SCALES = {
    None: lambda outputs, inputs: 1.0,
    "original": lambda outputs, inputs: max(1.0, outputs / inputs) ** 0.5,
    "match_rms_adamw": lambda outputs, inputs: 0.2 * max(outputs, inputs) ** 0.5,
    "spectral": lambda outputs, inputs: (outputs / inputs) ** 0.5,
}


@keras.saving.register_keras_serializable(package="kerasrecipes")
class KernelMuon(TogetherUpdates, UpdateWrapper, DecaysWithinItsStep):
    """Muon for kernels of convolutions and dense layers, and another optimizer for the rest.

    A kernel is taken as a matrix: all that leads to an output, by the outputs. At each step, with
    gradient `g` and decoupled weight decay `d`:

        v = momentum * v + g
        u = g + momentum * v              # or v, without nesterov
        O = orthogonalized(u)             # all singular values about 1
        w -= k * learning_rate * (d * w + scale * O)

    So a step has the same length in every direction in which gradients came at all, where SGD's
    steps are long in a few directions. `k` is `kernel_multiplier` times the kernel's multiplier.
    Weights that are no kernel are left to the inner optimizer, at `learning_rate` times theirs:
    biases, scales, embeddings, depthwise kernels, the kernel of the last dense layer (the head),
    and whatever `exclude` names. There is one learning rate, one schedule, one clipping and one
    weight decay: those that the inner optimizer was given.

    Kernels of equal shape are orthogonalized in one batched product. `keras.optimizers.Muon` leaves
    every convolution to AdamW.

    Memory: one number for each weight of a kernel, and what the inner optimizer keeps for the rest.
    Time: 1.15 times SGD's training step on ResNet-18, see docs/benchmarks/training-steps.md.

    One entry of a gradient that is not finite turns its whole kernel into NaN. Wrap this optimizer
    to skip such steps: `keras.optimizers.LossScaleOptimizer(KernelMuon(...), initial_scale=1.0)`.

    Args:
        optimizer: A Keras optimizer for the rest, or the name of one; no wrapper, `Nadam` or
            `Muon`. Its learning rate and weight decay are those of all weights.
        kernel_multiplier: Float of at least 0. Learning rate of the kernels, as a multiple of the
            optimizer's. With `"match_rms_adamw"` and AdamW, 1 is a good choice.
        momentum: Float in `[0, 1)`. Decay per step of the velocity of kernels.
        nesterov: Boolean. Whether to look ahead, as `Momentum` does.
        scale: How the length of a kernel's step depends on its shape. `"match_rms_adamw"`, `0.2
            sqrt(max(outputs, inputs))`, has steps as long as AdamW's usually are (Liu et al.).
            `"original"` is `sqrt(max(1, outputs / inputs))` (Jordan et al.), and `"spectral"` is
            `sqrt(outputs / inputs)` (Bernstein). `None` is 1, as in the records of CIFAR-10.
        steps: Positive integer. Newton-Schulz steps; those records take 3, language models 5.
        coefficients: Three floats: `a`, `b`, `c` of the polynomial `a s + b s^3 + c s^5`, which
            each Newton-Schulz step applies to the singular values.
        cautious: Boolean. Whether weight decay shrinks only those numbers of a kernel that the step
            brings closer to 0 as well.
        normalize_kernels: Boolean. Whether a kernel is scaled, before each step, to the norm
            `sqrt(outputs)`, as in those records. Only behind a normalization layer this changes
            nothing that the network computes.
        multipliers: As in `LayerwiseLearningRates`, or `None` for 1 everywhere.
        exclude: Names of layers, or beginnings of names, whose kernels are left to the inner
            optimizer, such as attention layers, whose kernels have two axes of outputs. `""` names
            all layers.
        exclude_head: Boolean. Whether the last kernel in the model's order, if it is that of a
            dense layer, is left to the inner optimizer.
        name: String, or `None`.

    Raises:
        ValueError: If an argument is out of range; when it is built, if a name matches no layer,
            and as `LayerwiseLearningRates`.

    Example:

    >>> optimizer = KernelMuon(keras.optimizers.SGD(0.1), scale=None, exclude_head=False)
    >>> kernel = keras.Variable(np.zeros((1, 1, 2, 2)), name="kernel")
    >>> optimizer.apply([ops.reshape(ops.array([[3.0, 0.0], [0.0, 0.1]]), (1, 1, 2, 2))], [kernel])
    >>> print(np.round(ops.convert_to_numpy(kernel)[0, 0], 2))  # About -0.1 in both directions.
    [[-0.07  0.  ]
     [ 0.   -0.11]]

    Reference:
        Jordan et al., 2024, https://kellerjordan.github.io/posts/muon (the optimizer);
        Liu et al., 2025, https://arxiv.org/abs/2502.16982 (scale, weight decay); Bernstein, 2025,
        https://jeremybernste.in/writing/deriving-muon (scale); Chen et al., 2025,
        https://arxiv.org/abs/2510.12402 (cautious weight decay). Differs from it in: products are
        in float32, not in bfloat16; a kernel's gradient is divided by its
        norm alone, without an epsilon; the records scale kernels without a weight decay.
    """

    def __init__(
        self,
        optimizer,
        kernel_multiplier: float = 1.0,
        momentum: float = 0.95,
        nesterov: bool = True,
        scale: str | None = "match_rms_adamw",
        steps: int = 5,
        coefficients: Sequence[float] = QUINTIC,
        cautious: bool = False,
        normalize_kernels: bool = False,
        multipliers: Mapping | Sequence[float] | None = None,
        exclude: Sequence[str] = (),
        exclude_head: bool = True,
        name: str | None = None,
    ):
        check_number("kernel_multiplier", kernel_multiplier, at_least=0)
        check_number("momentum", momentum, at_least=0, below=1)
        check_choice("scale", scale, _SCALES)
        check_integer("steps", steps, at_least=1)
        if len(coefficients) != 3:
            raise ValueError(
                f"`coefficients` must be three floats. Received: coefficients={coefficients!r}"
            )
        for coefficient in coefficients:
            check_number("coefficients", coefficient)
        check_multipliers(multipliers or {})
        super().__init__(optimizer, name)
        self.kernel_multiplier = kernel_multiplier
        self.momentum = momentum
        self.nesterov = nesterov
        self.scale = scale
        self.steps = steps
        self.coefficients = coefficients
        self.cautious = cautious
        self.normalize_kernels = normalize_kernels
        self.multipliers = multipliers
        self.exclude = exclude
        self.exclude_head = exclude_head

    def build(self, variables):
        if self.built:
            return
        chosen = kernels_that_mix_channels(variables, self.exclude, self.exclude_head)
        given = {"": 1.0} if self.multipliers is None else self.multipliers
        self._multipliers = resolve_multipliers(given, variables)
        # The inner optimizer needs no state for kernels. A second `build` does nothing.
        pairs = [*zip(variables, chosen, strict=True)]
        self.optimizer.build([variable for variable, is_chosen in pairs if not is_chosen])
        super().build(variables)
        self._velocities = [
            self.add_variable_from_reference(variable, "velocity") if is_chosen else None
            for variable, is_chosen in pairs
        ]

    def update_step(self, gradient, variable, learning_rate):
        index = self._get_variable_index(variable)
        if self._velocities[index] is not None:
            shape = as_matrix_shape(variable.shape)
            self._update_kernels([(index, gradient, variable)], shape, learning_rate)
            return
        rate = ops.cast(learning_rate, variable.dtype) * self._multipliers[index]
        if self.decays(index):
            self.assign_sub(variable, variable * self.weight_decay * rate)
        super().update_step(gradient, variable, rate)

    def update_together(self, gradients, variables, learning_rate):
        """Updates the variables: kernels of a shape, and others with a multiplier, at once."""
        kernels: dict[tuple, list] = {}
        others: dict[float, list] = {}
        for gradient, variable in zip(gradients, variables, strict=True):
            index = self._get_variable_index(variable)
            if self._velocities[index] is None:
                others.setdefault(self._multipliers[index], []).append((gradient, variable))
            else:
                key = (as_matrix_shape(variable.shape), str(variable.dtype))
                kernels.setdefault(key, []).append((index, gradient, variable))
        for (shape, _), members in kernels.items():
            self._update_kernels(members, shape, learning_rate)
        for multiplier, pairs in others.items():
            self._update_others(pairs, learning_rate, multiplier)

    def _update_others(self, pairs, learning_rate, multiplier):
        gradients, variables = zip(*pairs, strict=True)
        rate = ops.convert_to_tensor(learning_rate) * multiplier
        for variable in variables:
            if self.decays(self._get_variable_index(variable)):
                shrunk = variable * self.weight_decay * ops.cast(rate, variable.dtype)
                self.assign_sub(variable, shrunk)
        update_all(self.optimizer, [*gradients], [*variables], rate)

    def _update_kernels(self, members, shape, learning_rate):
        """Updates kernels of a shape."""
        directions = [self._direction(index, gradient) for index, gradient, _ in members]
        stacked = ops.stack([ops.reshape(direction, shape) for direction in directions])
        stacked = ops.cast(stacked, step_dtype(members[0][-1]))
        stacked = orthogonalized(stacked, self.coefficients, self.steps)
        stacked = stacked * _SCALES[self.scale](*reversed(shape))
        steps = ops.unstack(stacked, len(members))
        for (index, _, variable), step in zip(members, steps, strict=True):
            step = ops.cast(ops.reshape(step, variable.shape), variable.dtype)
            self._step(index, variable, step, learning_rate)

    def _direction(self, index, gradient):
        velocity = self._velocities[index]
        gradient = dense(gradient, velocity.dtype)
        v = self.momentum * velocity + gradient
        self.assign(velocity, v)
        return gradient + self.momentum * v if self.nesterov else v

    def _step(self, index, variable, step, learning_rate):
        rate = ops.cast(learning_rate, variable.dtype)
        rate = rate * (self.kernel_multiplier * self._multipliers[index])
        w = ops.convert_to_tensor(variable)
        if self.normalize_kernels:
            norm = ops.sqrt(ops.sum(ops.square(w)))
            length = variable.shape[-1] ** 0.5
            w = w * ops.where(norm > 0, length / ops.where(norm > 0, norm, 1.0), 1.0)
        if self.decays(index):
            shrinking = self.weight_decay * w
            if self.cautious:
                shrinking = ops.where(step * w > 0, shrinking, ops.zeros_like(w))
            step = step + shrinking
        self.assign(variable, w - rate * step)

    def get_config(self):
        multipliers = self.multipliers
        if multipliers is not None:
            resolved = self._multipliers if self.built else None
            multipliers = plain_multipliers(multipliers, resolved)
        return {
            **super().get_config(),
            "kernel_multiplier": self.kernel_multiplier,
            "momentum": self.momentum,
            "nesterov": self.nesterov,
            "scale": self.scale,
            "steps": self.steps,
            "coefficients": list(self.coefficients),
            "cautious": self.cautious,
            "normalize_kernels": self.normalize_kernels,
            "multipliers": multipliers,
            "exclude": list(self.exclude),
            "exclude_head": self.exclude_head,
        }
