"""The page for users of TensorFlow Addons has a row for each symbol, and names what exists."""

import importlib
import re

import pytest

from tests.docs.pages import ROOT

PAGE = (ROOT / "docs" / "guides" / "from-tensorflow-addons.md").read_text("utf-8")

# What the packages of version 0.23.0 import in their `__init__`.
SYMBOLS = {
    "optimizers": """
        AdaBelief AdamW AveragedOptimizerWrapper COCOB ConditionalGradient CyclicalLearningRate
        DecoupledWeightDecayExtension ExponentialCyclicalLearningRate KerasLegacyOptimizer LAMB
        LazyAdam Lookahead MovingAverage MultiOptimizer NovoGrad ProximalAdagrad RectifiedAdam SGDW
        SWA Triangular2CyclicalLearningRate TriangularCyclicalLearningRate Yogi
        extend_with_decoupled_weight_decay
    """,
    "layers": """
        AdaptiveAveragePooling1D AdaptiveAveragePooling2D AdaptiveAveragePooling3D
        AdaptiveMaxPooling1D AdaptiveMaxPooling2D AdaptiveMaxPooling3D CRF CorrelationCost ESN
        EmbeddingBag FilterResponseNormalization GELU GroupNormalization InstanceNormalization
        MaxUnpooling2D MaxUnpooling2DV2 Maxout MultiHeadAttention NoisyDense PoincareNormalize
        PolynomialCrossing Snake Sparsemax SpatialPyramidPooling2D SpectralNormalization
        StochasticDepth TLU WeightNormalization
    """,
    "losses": """
        ContrastiveLoss GIoULoss LiftedStructLoss NpairsLoss NpairsMultilabelLoss PinballLoss
        SigmoidFocalCrossEntropy SparsemaxLoss TripletHardLoss TripletSemiHardLoss
        WeightedKappaLoss contrastive_loss giou_loss lifted_struct_loss npairs_loss
        npairs_multilabel_loss pinball_loss sigmoid_focal_crossentropy sparsemax_loss
        triplet_hard_loss triplet_semihard_loss
    """,
    "metrics": """
        CohenKappa F1Score FBetaScore GeometricMean HammingLoss HarmonicMean KendallsTauB
        KendallsTauC MatthewsCorrelationCoefficient MeanMetricWrapper MultiLabelConfusionMatrix
        PearsonsCorrelation RSquare SpearmansRank hamming_distance hamming_loss_fn
    """,
    "callbacks": "AverageModelCheckpoint TQDMProgressBar TimeStopping",
    "image": """
        adjust_hsv_in_yiq angles_to_projective_transforms blend compose_transforms
        connected_components cutout dense_image_warp equalize euclidean_dist_transform
        gaussian_filter2d interpolate_bilinear interpolate_spline mean_filter2d median_filter2d
        random_cutout random_hsv_in_yiq resampler rotate sharpness shear_x shear_y
        sparse_image_warp transform translate translate_xy translations_to_projective_transforms
    """,
    "activations": """
        gelu hardshrink lisht mish rrelu snake softshrink sparsemax tanhshrink
    """,
}


def _rows(package):
    """Returns the rows of a table as lists of their cells."""
    table = re.search(rf"^\| `tfa\.{package}` .*\n\|---.*\n((?:\|.*\n)+)", PAGE, re.M)[1]
    return [[cell.strip() for cell in row.split("|")[1:-1]] for row in table.splitlines()]


@pytest.mark.parametrize("package", SYMBOLS)
def test_every_symbol_has_one_row(package):
    named = [name for row in _rows(package) for name in re.findall(r"`(\w+)`", row[0])]
    assert sorted(named) == sorted(SYMBOLS[package].split())


@pytest.mark.parametrize("package", SYMBOLS)
def test_a_row_says_where_it_is_now_or_what_serves_instead(package):
    for symbol, now, differs in _rows(package):
        found = re.search(r"`(kerasrecipes|keras)\.[\w.]+`", now) or "any Keras optimizer" in now
        assert found or (now == "gone" and differs), symbol


NAMED = sorted(set(re.findall(r"\b(?:kerasrecipes|keras|scipy|sklearn)(?:\.\w+)+", PAGE)))


@pytest.mark.parametrize("path", [path for path in NAMED if not path.endswith(".md")])
def test_what_the_page_names_exists(path):
    package, *names = path.split(".")
    found = importlib.import_module(package)
    for name in names:
        if not hasattr(found, name):  # A module that nobody has imported yet, or nothing.
            importlib.import_module(f"{found.__name__}.{name}")
        found = getattr(found, name)


def test_ours_are_named_where_keras_has_none():
    keras = importlib.import_module("keras")
    for package in SYMBOLS:
        for symbol, now, _ in _rows(package):
            name = re.match(r"`kerasrecipes\.(\w+)\.(\w+)`", now)
            theirs = getattr(keras, name[1], None) if name else None
            assert not (theirs and hasattr(theirs, name[2])), symbol
