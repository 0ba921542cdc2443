"""Choice of the weights that are matrices from channels to channels."""

from collections.abc import Sequence

from kerasrecipes.base.kernels import is_kernel
from kerasrecipes.optimizers._base.weight_paths import check_starts, starts_within

# Parts of the paths of weights that have a kernel's shape, but do not mix channels.
_NAMES_OF_OTHERS = ("embedding", "depthwise")


def kernels_that_mix_channels(
    variables: Sequence, exclude: Sequence[str], exclude_head: bool
) -> list[bool]:
    """Returns for each weight whether it is a kernel of a convolution or of a dense layer.

    Left out are embeddings and depthwise kernels, which are told by the names of their layers or
    weights, and kernels with a single output, such as those of depthwise convolutions of any name.

    Args:
        variables: The trainable weights, in the model's order.
        exclude: Names of layers, or beginnings of names, that are left out too.
        exclude_head: Whether the last kernel is left out, if it is that of a dense layer.

    Raises:
        ValueError: If a name in `exclude` matches no weight.
    """
    paths = [variable.path for variable in variables]
    check_starts("exclude", exclude, paths)
    kernels = [index for index, variable in enumerate(variables) if is_kernel(variable)]
    chosen = {
        index
        for index in kernels
        if variables[index].shape[-1] > 1
        and not any(name in paths[index].lower() for name in _NAMES_OF_OTHERS)
        and not any(starts_within(paths[index], start) for start in exclude)
    }
    if exclude_head and kernels and len(variables[kernels[-1]].shape) == 2:
        chosen.discard(kernels[-1])
    return [index in chosen for index in range(len(variables))]
