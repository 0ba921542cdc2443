"""Networks of `keras.applications`, and the scaling of pixels that each expects."""

import inspect
import warnings
from collections.abc import Callable, Mapping
from types import MappingProxyType

import keras
from keras import ops

from kerasrecipes.models.blocks.checks import check_image_shape
from kerasrecipes.recipe.signatures import arguments

# Statistics of the colour channels of ImageNet: red, green, blue.
_MEAN = (0.485, 0.456, 0.406)
_DEVIATION = (0.229, 0.224, 0.225)
_MEAN_PIXEL = (123.68, 116.779, 103.939)

# The scaling of the pixels that a network was trained on, by a prefix of its name; the longest
# prefix counts. All other networks scale pixels themselves.
SCALINGS: Mapping[str, str] = MappingProxyType(
    {
        "DenseNet": "torch",
        "InceptionResNetV2": "tf",
        "InceptionV3": "tf",
        "MobileNet": "tf",
        "MobileNetV3": "inside",
        "NASNet": "tf",
        "ResNet": "caffe",
        "ResNet50V2": "tf",
        "ResNet101V2": "tf",
        "ResNet152V2": "tf",
        "VGG": "caffe",
        "Xception": "tf",
    }
)
MIN_SIZE_PIXELS: Mapping[str, int] = MappingProxyType(
    {"InceptionResNetV2": 75, "InceptionV3": 75, "Xception": 71}
)

# Arguments that this package sets, not the user.
_TAKEN = ("include_top", "weights", "input_tensor", "input_shape", "pooling", "name",
          "include_preprocessing", "classes", "classifier_activation")  # fmt: skip


def application_builders() -> dict[str, Callable]:
    """Returns the builder functions of `keras.applications` by name."""
    return {
        name: builder
        for name, builder in vars(keras.applications).items()
        if inspect.isfunction(builder) and "include_top" in inspect.signature(builder).parameters
    }


def check_application_options(name: str, options: Mapping[str, object]) -> None:
    """Raises a `ValueError` unless a network has these options, such as MobileNet's `alpha`."""
    known = [option for option in arguments(application_builders()[name]) if option not in _TAKEN]
    for option in options:
        if option not in known:
            raise ValueError(
                f"`backbone_options` of {name} must be among: {', '.join(known) or 'none'}. "
                f"Received: {option!r}"
            )


def build_application(
    name: str, input_shape: tuple, options: Mapping[str, object], weights: str | None
) -> keras.Model:
    """Returns a network of `keras.applications` without its classifier.

    Args:
        name: A name in `keras.applications`.
        input_shape: `(height, width, 3)`.
        options: Further arguments of its builder function.
        weights: `"imagenet"` or `None`.

    Raises:
        ValueError: If the images are too small.
        OSError: If the weights cannot be downloaded.
    """
    least = MIN_SIZE_PIXELS.get(name, 32)
    check_image_shape(
        input_shape,
        least,
        f"Enlarge smaller ones first: preprocessing=[use('Resizing', height={least}, "
        f"width={least})], or more, for {name}.",
    )
    with warnings.catch_warnings():
        # MobileNet warns that it takes its weights for 224 pixels, which suit images of any size.
        warnings.filterwarnings("ignore", message="`input_shape` is undefined or non-square")
        try:
            return application_builders()[name](
                include_top=False, input_shape=input_shape, weights=weights, **options
            )
        except (TypeError, ValueError):
            raise
        except Exception as error:  # `keras.utils.get_file` raises a plain `Exception`.
            raise OSError(
                f"The ImageNet weights of {name} could not be downloaded: {error}. Without a "
                "network connection, give a downloaded file: `weights='path/to/file.h5'`."
            ) from error


def scale_pixels(name: str, pixels: keras.KerasTensor) -> keras.KerasTensor:
    """Scales pixels in [0, 255] to the values that a network was trained on.

    It computes the same as `preprocess_input` in the network's module, with layers of Keras.

    Args:
        name: A name in `keras.applications`.
        pixels: Symbolic tensor, `(batch, height, width, 3)`: red, green, blue.
    """
    start = max((s for s in SCALINGS if name.startswith(s)), key=len, default=None)
    scaling = "inside" if start is None else SCALINGS[start]
    if scaling == "tf":
        return keras.layers.Rescaling(1 / 127.5, -1.0, name="scaled")(pixels)
    if scaling == "torch":
        scale = [1 / (255 * deviation) for deviation in _DEVIATION]
        offset = [-mean / deviation for mean, deviation in zip(_MEAN, _DEVIATION, strict=True)]
        return keras.layers.Rescaling(scale, offset, name="scaled")(pixels)
    if scaling == "caffe":
        # Caffe has the channels in OpenCV's order: blue, green, red.
        reversed_channels = ops.flip(pixels, axis=-1)
        offset = [-mean for mean in reversed(_MEAN_PIXEL)]
        return keras.layers.Rescaling(1.0, offset, name="scaled")(reversed_channels)
    return pixels
