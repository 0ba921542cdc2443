"""End of a residual block: the addition of shortcut and branch."""

from collections.abc import Iterator

import keras

from kerasrecipes.layers import StochasticDepth


def add_branch(
    shortcut: keras.KerasTensor, branch: keras.KerasTensor, drop_rate: float, name: str
) -> keras.KerasTensor:
    """Adds a residual branch to its shortcut.

    Args:
        shortcut: Symbolic tensor, `(batch, height, width, channels)`.
        branch: Symbolic tensor of the same shape.
        drop_rate: Float in `[0, 1)`. The probability that training drops the branch, for each
            image. At 0, there is no layer of stochastic depth.
        name: Name of the block.
    """
    if drop_rate:
        branch = StochasticDepth(drop_rate, name=f"{name}_stochastic_depth")(branch)
    return keras.layers.Add(name=f"{name}_add")([shortcut, branch])


def drop_rates(last: float, blocks: int) -> Iterator[float]:
    """Yields the drop rate of each block from the first to the last: a linear rise to `last`.

    Example:

    >>> list(drop_rates(0.5, 4))
    [0.125, 0.25, 0.375, 0.5]

    Reference:
        Huang et al., 2016, https://arxiv.org/abs/1603.09382, equation 4.
    """
    return (last * number / blocks for number in range(1, blocks + 1))
