"""Published figures of backbones: parameters, native image size, accuracy on ImageNet."""

from typing import NamedTuple


class Published(NamedTuple):
    """Published figures of a network.

    Args:
        parameters: The number of its parameters with its classifier, in millions.
        image_size: The side of the images that it was trained on, in pixels.
        top1: The accuracy of its weights on ImageNet's validation images, in percent.
    """

    parameters: float
    image_size: int
    top1: float


# As https://keras.io/api/applications states them for the weights that Keras downloads; MobileNetV3
# as the documentation of its builders does.
PUBLISHED = {
    "ConvNeXtBase": Published(88.5, 224, 85.3),
    "ConvNeXtLarge": Published(197.7, 224, 86.3),
    "ConvNeXtSmall": Published(50.2, 224, 82.3),
    "ConvNeXtTiny": Published(28.6, 224, 81.3),
    "ConvNeXtXLarge": Published(350.1, 224, 86.7),
    "DenseNet121": Published(8.1, 224, 75.0),
    "DenseNet169": Published(14.3, 224, 76.2),
    "DenseNet201": Published(20.2, 224, 77.3),
    "EfficientNetB0": Published(5.3, 224, 77.1),
    "EfficientNetB1": Published(7.9, 240, 79.1),
    "EfficientNetB2": Published(9.2, 260, 80.1),
    "EfficientNetB3": Published(12.3, 300, 81.6),
    "EfficientNetB4": Published(19.5, 380, 82.9),
    "EfficientNetB5": Published(30.6, 456, 83.6),
    "EfficientNetB6": Published(43.3, 528, 84.0),
    "EfficientNetB7": Published(66.7, 600, 84.3),
    "EfficientNetV2B0": Published(7.2, 224, 78.7),
    "EfficientNetV2B1": Published(8.2, 240, 79.8),
    "EfficientNetV2B2": Published(10.2, 260, 80.5),
    "EfficientNetV2B3": Published(14.5, 300, 82.0),
    "EfficientNetV2L": Published(119.0, 480, 85.7),
    "EfficientNetV2M": Published(54.4, 480, 85.3),
    "EfficientNetV2S": Published(21.6, 384, 83.9),
    "InceptionResNetV2": Published(55.9, 299, 80.3),
    "InceptionV3": Published(23.9, 299, 77.9),
    "MobileNet": Published(4.3, 224, 70.4),
    "MobileNetV2": Published(3.5, 224, 71.3),
    "MobileNetV3Large": Published(5.4, 224, 75.6),
    "MobileNetV3Small": Published(2.9, 224, 68.1),
    "NASNetLarge": Published(88.9, 331, 82.5),
    "NASNetMobile": Published(5.3, 224, 74.4),
    "ResNet50": Published(25.6, 224, 74.9),
    "ResNet50V2": Published(25.6, 224, 76.0),
    "ResNet101": Published(44.7, 224, 76.4),
    "ResNet101V2": Published(44.7, 224, 77.2),
    "ResNet152": Published(60.4, 224, 76.6),
    "ResNet152V2": Published(60.4, 224, 78.0),
    "VGG16": Published(138.4, 224, 71.3),
    "VGG19": Published(143.7, 224, 71.3),
    "Xception": Published(22.9, 299, 79.0),
}
