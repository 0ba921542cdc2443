"""Which weights are kernels, and weight decay that leaves the others alone."""

from kerasrecipes.base.private import uses_weight_decay

# Attention layers have biases, some normalization layers have scales, of two axes and more.
_OTHERS = ("bias", "gamma", "beta", "scale", "alpha")


def is_kernel(variable) -> bool:
    """Returns whether a weight multiplies inputs: neither a bias nor a normalization's scale.

    It has at least two axes, and a name that does not end in "bias", "gamma", "beta" (of
    normalization), "scale" (of `RMSNormalization`) or "alpha" (of `PReLU`).
    """
    name = variable.name.split("/")[-1].split(":")[0]
    return len(variable.shape) >= 2 and not name.endswith(_OTHERS)


def decay_only_kernels(optimizer, variables) -> None:
    """Tells an optimizer that is not yet built to decay the kernels among `variables` only."""
    excluded = [v for v in variables if not is_kernel(v) or not uses_weight_decay(optimizer, v)]
    optimizer.exclude_from_weight_decay(var_list=excluded)
