"""Names of losses and metrics, and facts of optimizers."""

import functools

import keras
import numpy as np
import pytest

from kerasrecipes.diagnostics.facts.given import Given
from kerasrecipes.diagnostics.facts.loss_names import loss_facts, metric_name
from kerasrecipes.diagnostics.facts.optimizers import optimizer_facts
from kerasrecipes.diagnostics.facts.outputs import output_facts
from kerasrecipes.losses import ClassLoss
from kerasrecipes.metrics import ClassMetric
from kerasrecipes.optimizers import Lookahead


def own_loss(y, p):
    return p


@pytest.mark.parametrize(
    ("loss", "kind", "from_logits"),
    [
        ("mse", "mean_squared_error", None),
        ("MAE", "mean_absolute_error", None),
        ("bce", "binary_crossentropy", False),
        ("MeanSquaredError", "mean_squared_error", None),
        (keras.losses.kl_divergence, "kl_divergence", None),
        (keras.losses.CategoricalCrossentropy(), "categorical_crossentropy", False),
        (keras.losses.BinaryCrossentropy(from_logits=True), "binary_crossentropy", True),
        (keras.losses.LogCosh(), "log_cosh", None),
        (
            functools.partial(keras.losses.sparse_categorical_crossentropy, from_logits=True),
            "sparse_categorical_crossentropy",
            True,
        ),
        (own_loss, "custom", None),
        ("no such loss", "custom", None),
    ],
)
def test_losses(loss, kind, from_logits):
    facts = loss_facts(loss, (3,))
    assert facts is not None
    assert (facts.kind, facts.from_logits) == (kind, from_logits)
    assert isinstance(facts.name, str)


def test_no_loss():
    assert loss_facts(None, (3,)) is None


def test_a_loss_of_both_encodings():
    facts = loss_facts(ClassLoss(keras.losses.CategoricalCrossentropy(from_logits=True)), (3,))
    assert facts is not None
    assert (facts.kind, facts.from_logits) == ("categorical_crossentropy", True)
    assert facts.any_encoding
    smooth = loss_facts(keras.losses.CategoricalCrossentropy(label_smoothing=0.1), (3,))
    assert smooth is not None
    assert (smooth.label_smoothing, smooth.any_encoding) == (0.1, False)


@pytest.mark.parametrize(
    ("output", "target", "kind"),
    [
        ((1,), (1,), "binary_crossentropy"),
        ((3,), (), "sparse_categorical_crossentropy"),
        ((3,), (1,), "sparse_categorical_crossentropy"),
        ((3,), (3,), "categorical_crossentropy"),
    ],
)
def test_a_crossentropy_by_shapes(output, target, kind):
    facts = loss_facts("crossentropy", output, target)
    assert facts is not None
    assert facts.kind == kind


@pytest.mark.parametrize(
    ("metric", "name"),
    [
        ("acc", "accuracy"),
        ("accuracy", "accuracy"),
        ("mae", "mean_absolute_error"),
        (keras.metrics.Accuracy(), "exact_accuracy"),
        (keras.metrics.AUC(), "auc"),
        (keras.metrics.F1Score(), "f1_score"),
        (keras.metrics.BinaryAccuracy(), "binary_accuracy"),
        (ClassMetric(keras.metrics.CategoricalAccuracy()), "categorical_accuracy"),
        (keras.metrics.mean_squared_error, "mean_squared_error"),
        (own_loss, "own_loss"),
    ],
)
def test_metrics(metric, name):
    assert metric_name(metric) == name
    model = keras.Sequential([keras.Input((2,)), keras.layers.Dense(3, "softmax")])
    model.compile(loss="categorical_crossentropy", metrics=[metric])
    (output,) = output_facts(model, Given(y=np.eye(3)))
    assert output.metrics == (name,)


def test_metrics_of_several_outputs():
    x = keras.Input((2,))
    outputs = {name: keras.layers.Dense(1, name=name)(x) for name in ("a", "b")}
    model = keras.Model(x, outputs)
    model.compile(loss={"a": "mse"}, metrics={"b": ["mae", keras.metrics.Accuracy()]})
    a, b = output_facts(model)
    assert (a.metrics, b.metrics) == ((), ("mean_absolute_error", "exact_accuracy"))
    assert a.loss is not None
    assert (a.loss.kind, b.loss) == ("mean_squared_error", None)


def test_optimizers():
    facts = optimizer_facts(keras.optimizers.SGD(0.1, 0.9, nesterov=True, clipnorm=1.0))
    assert facts is not None
    assert (facts.kind, facts.learning_rate, facts.momentum) == ("SGD", 0.1, 0.9)
    assert (facts.nesterov, facts.clipped, facts.accumulation) == (True, True, 1)
    decayed = optimizer_facts(
        keras.optimizers.AdamW(weight_decay=0.1, gradient_accumulation_steps=4)
    )
    assert decayed is not None
    assert (decayed.weight_decay, decayed.accumulation, decayed.clipped) == (0.1, 4, False)
    assert optimizer_facts(None) is None


def test_wrapped_optimizers():
    for wrap in (Lookahead, keras.optimizers.LossScaleOptimizer):
        facts = optimizer_facts(wrap(keras.optimizers.SGD(0.25)))
        assert facts is not None
        assert (facts.kind, facts.learning_rate) == ("SGD", 0.25)


@pytest.mark.parametrize(("steps", "rate"), [(None, 0.5), (11, 0.05), (101, 0.5)])
def test_the_greatest_rate_of_a_schedule(steps, rate):
    schedule = keras.optimizers.schedules.PolynomialDecay(0.0, 100, 0.5)
    facts = optimizer_facts(keras.optimizers.Adam(schedule), steps)
    assert facts is not None
    assert facts.schedule == "PolynomialDecay"
    assert facts.learning_rate == pytest.approx(rate)
