"""Layers with one kernel, and the axes of the kernel that count outputs."""

import keras

_OUTPUT_AXES = {
    keras.layers.Dense: (-1,),
    keras.layers.Conv1D: (-1,),
    keras.layers.Conv2D: (-1,),
    keras.layers.Conv3D: (-1,),
    keras.layers.Conv1DTranspose: (-2,),
    keras.layers.Conv2DTranspose: (-2,),
    keras.layers.Conv3DTranspose: (-2,),
    keras.layers.DepthwiseConv1D: (-2, -1),
    keras.layers.DepthwiseConv2D: (-2, -1),
}


def has_one_kernel(layer: keras.layers.Layer) -> bool:
    """Returns whether a layer has one kernel, which `output_axes` knows."""
    return isinstance(layer, tuple(_OUTPUT_AXES))


def output_axes(layer: keras.layers.Layer) -> tuple[int, ...]:
    """Returns the axes of a layer's kernel that count its outputs, from the end.

    A slice of the kernel at one position along these axes belongs to one output channel. If there
    are two such axes, neighbouring channels are neighbours along the last one.

    Example:

    >>> output_axes(keras.layers.Conv2D(8, 3)), output_axes(keras.layers.Conv2DTranspose(8, 3))
    ((-1,), (-2,))

    Raises:
        ValueError: If the layer has no kernel, or several.
    """
    for kind, axes in _OUTPUT_AXES.items():
        if isinstance(layer, kind):
            return axes
    raise ValueError(
        f"`layer` must be a layer with one kernel: {', '.join(k.__name__ for k in _OUTPUT_AXES)}. "
        f"Received: layer={layer!r}"
    )


def channel_axis(layer: keras.layers.Layer, rank: int) -> int:
    """Returns the axis of channels in a layer's output, which has `rank` axes."""
    return 1 if getattr(layer, "data_format", None) == "channels_first" else rank - 1
