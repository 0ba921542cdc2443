"""Kernels among the weights of a model, and weight decay of kernels only."""

from kerasrecipes.base.private import uses_weight_decay

# Ends of names. Biases of attention layers and scales of some normalization layers have two axes or
# more, as kernels do.
_OTHERS = ("bias", "gamma", "beta", "scale", "alpha")


def is_kernel(variable) -> bool:
    """Returns whether a weight is a kernel: one that multiplies inputs, unlike biases and scales.

    A kernel has at least two axes, and its name does not end in "bias", "gamma" or "beta" (of
    normalization), "scale" (of `RMSNormalization`) or "alpha" (of `PReLU`).
    """
    name = variable.name.split("/")[-1].split(":")[0]
    return len(variable.shape) >= 2 and not name.endswith(_OTHERS)


def decay_only_kernels(optimizer, variables) -> None:
    """Restricts the weight decay of an optimizer, before it is built, to the kernels."""
    excluded = [v for v in variables if not is_kernel(v) or not uses_weight_decay(optimizer, v)]
    optimizer.exclude_from_weight_decay(var_list=excluded)
