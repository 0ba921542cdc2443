"""Cases to measure: a network, a backend, a precision."""

from dataclasses import dataclass

POLICIES = {"float32": "float32", "bfloat16": "mixed_bfloat16", "float16": "mixed_float16"}


@dataclass(frozen=True)
class Network:
    """A network, its images, and how long it trains between two looks at the clock."""

    depth: int
    filters: int
    image_size: int
    classes: int
    batch_size: int
    steps: int

    def build(self):
        """Returns the Keras model under the current policy."""
        from kerasrecipes.models import ResNet, ResNetCIFAR

        builder = ResNet if self.is_bottleneck else ResNetCIFAR
        shape = (self.image_size, self.image_size, 3)
        return builder(shape, self.classes, depth=self.depth, filters=self.filters)

    @property
    def is_bottleneck(self) -> bool:
        """Whether this is the network for photographs, not the one for CIFAR's images."""
        return self.depth == 50


# An epoch of CIFAR-10 is 390 steps.
NETWORKS = {
    "resnet20": Network(20, 16, 32, 10, batch_size=128, steps=390),
    "resnet50": Network(50, 64, 224, 1000, batch_size=256, steps=40),
}
SMALL_NETWORKS = {
    "resnet20": Network(8, 4, 8, 10, batch_size=8, steps=3),
    "resnet50": Network(50, 2, 32, 10, batch_size=8, steps=2),
}


@dataclass(frozen=True)
class Case:
    """A network that trains on a backend in a precision."""

    network: str
    backend: str
    precision: str
    small: bool = False

    @property
    def trained(self) -> Network:
        """The network, in the size that is wanted."""
        return (SMALL_NETWORKS if self.small else NETWORKS)[self.network]

    @property
    def repeats(self) -> int:
        """How often each contender is measured."""
        return 2 if self.small else 7
