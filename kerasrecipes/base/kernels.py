"""Kernels, told from other weights, and weight decay for kernels only."""

from kerasrecipes.base.private.optimizers import uses_weight_decay

# Biases of attention layers and scales of some normalization layers have two axes or more, too.
_NAMES_OF_OTHERS = ("bias", "gamma", "beta", "scale", "alpha")


def is_kernel(variable) -> bool:
    """Returns whether a weight is a kernel: neither a bias nor the scale of a normalization layer.

    A kernel has at least two axes, and a name that does not end in "bias", "gamma", "beta", "scale"
    (`RMSNormalization`) or "alpha" (`PReLU`).
    """
    name = variable.name.split("/")[-1].split(":")[0]
    return len(variable.shape) >= 2 and not name.endswith(_NAMES_OF_OTHERS)


def decay_only_kernels(optimizer, variables) -> None:
    """Excludes all variables but kernels from the weight decay of an optimizer.

    Args:
        optimizer: A `keras.optimizers.Optimizer` that is not yet built.
        variables: The variables that it is going to train.
    """
    excluded = [v for v in variables if not is_kernel(v) or not uses_weight_decay(optimizer, v)]
    optimizer.exclude_from_weight_decay(var_list=excluded)
