"""Models: builder functions that return a plain functional `keras.Model` giving logits."""

from kerasrecipes.models.mlp import MLP
from kerasrecipes.models.resnet import ResNet
from kerasrecipes.models.resnet_cifar import ResNetCIFAR
from kerasrecipes.models.vgg import VGG

__all__ = ["MLP", "VGG", "ResNet", "ResNetCIFAR"]
