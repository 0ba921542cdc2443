"""The end of a residual block."""

from collections.abc import Iterator

import keras

from kerasrecipes.layers import StochasticDepth


def add_branch(
    shortcut: keras.KerasTensor, branch: keras.KerasTensor, drop_rate: float, name: str
) -> keras.KerasTensor:
    """Adds a residual branch, which training drops for some images, to its shortcut.

    Args:
        shortcut: Symbolic tensor, `(batch, height, width, channels)`.
        branch: Symbolic tensor of the same shape.
        drop_rate: Float in `[0, 1)`; at 0 there is no layer for it.
        name: Name of the block.
    """
    if drop_rate:
        branch = StochasticDepth(drop_rate, name=f"{name}_stochastic_depth")(branch)
    return keras.layers.Add(name=f"{name}_add")([shortcut, branch])


def drop_rates(last: float, blocks: int) -> Iterator[float]:
    """Yields the rate of each block, first to last: in a line from just above 0 to `last`.

    Example:

    >>> list(drop_rates(0.5, 4))
    [0.125, 0.25, 0.375, 0.5]

    Reference:
        Huang et al., 2016, https://arxiv.org/abs/1603.09382, equation 4.
    """
    return (last * number / blocks for number in range(1, blocks + 1))
