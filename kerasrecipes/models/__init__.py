"""Models: builder functions that return a plain functional `keras.Model` giving logits."""

from kerasrecipes.models.fixup_resnet_cifar import FixupResNetCIFAR
from kerasrecipes.models.mlp import MLP
from kerasrecipes.models.pretrained import Pretrained
from kerasrecipes.models.resnet import ResNet
from kerasrecipes.models.resnet_cifar import ResNetCIFAR
from kerasrecipes.models.vgg import VGG

__all__ = ["FixupResNetCIFAR", "MLP", "VGG", "Pretrained", "ResNet", "ResNetCIFAR"]
