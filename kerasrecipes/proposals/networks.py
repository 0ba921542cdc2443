"""Networks that images can be classified with, and which of them can be had here."""

import contextlib
import socket
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from kerasrecipes.models.backbones.applications import application_builders, build_application
from kerasrecipes.models.backbones.hub import is_hub_backbone
from kerasrecipes.models.backbones.trained_network import (
    find_trained_network,
    load_trained_network,
)
from kerasrecipes.models.backbones.weight_files import load_weight_file
from kerasrecipes.proposals.budget.step_times import StepTimes
from kerasrecipes.recipe.spec import Spec, use

# The network that comes with the package, and the size of the images that it was trained on.
BUNDLED, BUNDLED_SIZE = "resnet20_cifar10", 32
# It is used at this size for images that have the pixels: twice the size that it knows.
BUNDLED_LARGER_SIZE = 64

# Sizes of images for the networks of ImageNet; they are trained at the last one.
IMAGENET_SIZES = (96, 128, 160, 192, 224)

# How long a server may be silent before a network counts as one that cannot be had.
_PATIENCE_SECONDS = 10.0

# Widths that Keras has weights for.
_WIDTHS = {"MobileNet": (0.25, 0.5, 0.75, 1.0), "MobileNetV2": (0.35, 0.5, 0.75, 1.0, 1.3, 1.4)}


@dataclass(frozen=True)
class Network:
    """A network that images can be classified with.

    Args:
        backbone: As in `Pretrained`.
        weights: As in `Pretrained`; `None` for a network that is trained from scratch.
        options: As `backbone_options` in `Pretrained`.
        sizes: The image sizes that it may be given, in pixels, from the smallest.
        why: A clause that says why it is this network.
    """

    backbone: str
    weights: str | None = "pretrained"
    options: Mapping[str, object] = field(default_factory=dict)
    sizes: tuple[int, ...] = IMAGENET_SIZES
    why: str = ""

    @property
    def model(self) -> Spec:
        """The model in a recipe, without its stages."""
        if self.weights is None and self.backbone == "ResNetCIFAR":
            return use("ResNetCIFAR", depth=20)
        options: dict[str, object] = {"backbone": self.backbone}
        if self.options:
            options["backbone_options"] = dict(self.options)
        if self.weights != "pretrained":
            options["weights"] = self.weights
        return use("Pretrained", **options)

    @property
    def title(self) -> str:
        """Its name with its options, for people."""
        options = ", ".join(f"{name}={value}" for name, value in self.options.items())
        return f"{self.backbone} ({options})" if options else self.backbone


@dataclass(frozen=True)
class TimedNetwork:
    """A network at an image size, and its times on this machine.

    Args:
        network: The network.
        image_size: The side of the images that it is given, in pixels.
        times: The times of its steps.
        why: The reason of the image size, a clause.
    """

    network: Network
    image_size: int
    times: StepTimes
    why: str = ""


@dataclass(frozen=True)
class Candidate:
    """A network of `keras.applications` that may be chosen without being asked for.

    Args:
        name: Its name.
        cost: Its multiplications for an image of 224 x 224 pixels, in billions, by its paper.
        top1: Its published accuracy on ImageNet, in percent.
    """

    name: str
    cost: float
    top1: float


# From the smallest. Each needs two to four times the work of the one before, and is better for it.
# Costs: Sandler et al. 2018, Tan and Le 2021; accuracies as https://keras.io/api/applications.
CANDIDATES = (
    Candidate("MobileNetV2", 0.3, 71.3),
    Candidate("EfficientNetV2B0", 0.72, 78.7),
    Candidate("EfficientNetV2B2", 1.7, 80.5),
    Candidate("EfficientNetV2S", 8.8, 83.9),
)

SCRATCH = Network(
    "ResNetCIFAR", None, sizes=(32, 64), why="a network of 20 layers that trains from scratch"
)


def bundled_network(why: str) -> Network:
    """Returns the network that comes with the package, and needs no download."""
    return Network(BUNDLED, sizes=(BUNDLED_SIZE, BUNDLED_LARGER_SIZE), why=why)


def can_be_had(name: str) -> bool:
    """Returns whether the ImageNet weights of a network are here, or can be downloaded.

    They are downloaded, once.
    """
    size = IMAGENET_SIZES[0]
    try:
        with _patience():
            build_application(name, (size, size, 3), {}, "imagenet")
    except OSError:
        return False
    return True


def given_network(backbone: str, weights: str | None) -> Network:
    """Returns the network that a user names.

    Args:
        backbone: As in `Pretrained`.
        weights: A file of weights, or `None` for the network's own.

    Raises:
        ValueError: If the weights are not those of the network.
    """
    if is_hub_backbone(backbone):
        return Network(backbone, weights or "pretrained", why="it was asked for")
    if backbone not in application_builders():
        sizes = _sizes_of_trained(backbone)
        return Network(backbone, weights or "pretrained", sizes=sizes, why="it was asked for")
    if weights is None:
        return Network(backbone, why="it was asked for")
    options = width_of(backbone, weights)
    return Network(backbone, weights, options, why="it was asked for, with these weights")


def _sizes_of_trained(backbone: str) -> tuple[int, ...]:
    """Returns the size that a trained network knows, and twice that."""
    known = load_trained_network(find_trained_network(backbone), True).input_shape[1]
    return (known, 2 * known) if known else (BUNDLED_SIZE, BUNDLED_LARGER_SIZE)


def width_of(backbone: str, weights: str | Path) -> dict[str, object]:
    """Returns the option `alpha` with which a network has the shapes of a file of weights.

    Raises:
        ValueError: If no width has them.
    """
    size = IMAGENET_SIZES[0]
    errors: list[ValueError] = []
    for options in _widths(backbone):
        network = build_application(backbone, (size, size, 3), options, None)
        try:
            load_weight_file(network, weights)
        except ValueError as error:
            errors.append(error)
        else:
            return options
    raise errors[-1]


def _widths(backbone: str) -> Sequence[dict[str, object]]:
    return [{"alpha": alpha} for alpha in _WIDTHS.get(backbone, ())] or [{}]


@contextlib.contextmanager
def _patience() -> Iterator[None]:
    """Bounds the time that a silent server is waited for; Keras's download has no bound."""
    before = socket.getdefaulttimeout()
    socket.setdefaulttimeout(_PATIENCE_SECONDS)
    try:
        yield
    finally:
        socket.setdefaulttimeout(before)
