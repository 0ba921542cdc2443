"""Models: builders of plain functional models that give logits, and what changes a built model."""

from kerasrecipes.models.blocks.normalization import normalize
from kerasrecipes.models.ensemble import Ensemble
from kerasrecipes.models.fixup_resnet_cifar import FixupResNetCIFAR
from kerasrecipes.models.initialization import (
    InitializedLayer,
    data_dependent,
    initialize_layer_by_layer,
    lsuv,
    patch_whitening,
)
from kerasrecipes.models.mlp import MLP
from kerasrecipes.models.pretrained import Pretrained
from kerasrecipes.models.resnet import ResNet
from kerasrecipes.models.resnet_cifar import ResNetCIFAR
from kerasrecipes.models.speed_net_cifar import SpeedNetCIFAR
from kerasrecipes.models.surgery.batch_norm_folding import fold_batch_norm
from kerasrecipes.models.surgery.batch_norm_recalibration import recalibrate_batch_norm
from kerasrecipes.models.surgery.kernel_regularization import regularize_kernels
from kerasrecipes.models.surgery.logit_adjustment import with_logit_adjustment
from kerasrecipes.models.surgery.monte_carlo_dropout import MonteCarloDropout, MonteCarloPrediction
from kerasrecipes.models.surgery.network_stages import (
    head,
    set_trainable_stages,
    stage_outputs,
    stages,
)
from kerasrecipes.models.surgery.probability_averaging import averaged_probabilities
from kerasrecipes.models.surgery.temperature_scaling import with_temperature
from kerasrecipes.models.surgery.test_time_augmentation import with_test_time_augmentation
from kerasrecipes.models.surgery.weight_normalization import (
    initialize_weight_normalization,
    remove_weight_normalization,
)
from kerasrecipes.models.vgg import VGG

__all__ = [
    "MLP",
    "VGG",
    "Ensemble",
    "FixupResNetCIFAR",
    "InitializedLayer",
    "MonteCarloDropout",
    "MonteCarloPrediction",
    "Pretrained",
    "ResNet",
    "ResNetCIFAR",
    "SpeedNetCIFAR",
    "averaged_probabilities",
    "data_dependent",
    "fold_batch_norm",
    "head",
    "initialize_layer_by_layer",
    "initialize_weight_normalization",
    "lsuv",
    "normalize",
    "patch_whitening",
    "recalibrate_batch_norm",
    "regularize_kernels",
    "remove_weight_normalization",
    "set_trainable_stages",
    "stage_outputs",
    "stages",
    "with_logit_adjustment",
    "with_temperature",
    "with_test_time_augmentation",
]
