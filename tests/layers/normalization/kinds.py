"""One layer of each kind that has a kernel, with the shape of its inputs."""

from keras import layers

KINDS = {
    "Dense": (lambda **o: layers.Dense(5, **o), (4,)),
    "Conv1D": (lambda **o: layers.Conv1D(5, 3, **o), (7, 4)),
    "Conv2D": (lambda **o: layers.Conv2D(6, 3, groups=2, strides=2, **o), (7, 6, 4)),
    "Conv3D": (lambda **o: layers.Conv3D(5, 2, **o), (3, 4, 3, 2)),
    "DepthwiseConv1D": (lambda **o: layers.DepthwiseConv1D(3, depth_multiplier=2, **o), (7, 4)),
    "DepthwiseConv2D": (lambda **o: layers.DepthwiseConv2D(3, depth_multiplier=3, **o), (7, 6, 4)),
    "Conv1DTranspose": (lambda **o: layers.Conv1DTranspose(5, 3, strides=2, **o), (7, 4)),
    "Conv2DTranspose": (lambda **o: layers.Conv2DTranspose(5, 3, **o), (7, 6, 4)),
    "Conv3DTranspose": (lambda **o: layers.Conv3DTranspose(3, 2, **o), (3, 4, 3, 2)),
}


def make(kind, **options):
    """Returns an unbuilt layer, and the shape of its inputs without the batch."""
    builder, shape = KINDS[kind]
    return builder(**options), shape


def slices(kernel, kind):
    """Returns a kernel as `(weights of an output, outputs)`, by the definition of each kind."""
    if kind.endswith("Transpose"):
        kernel = kernel.swapaxes(-1, -2)
    if kind.startswith("Depthwise"):
        return kernel.reshape(-1, kernel.shape[-2] * kernel.shape[-1])
    return kernel.reshape(-1, kernel.shape[-1])
