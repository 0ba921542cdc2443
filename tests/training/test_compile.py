"""Loss and metrics of a recipe for models that return logits."""

import inspect

import keras
import numpy as np
import pytest
from scipy.special import expit, log_softmax, softmax
from sklearn.metrics import roc_auc_score

from kerasrecipes.recipe.recipe import Recipe
from kerasrecipes.recipe.spec import use
from kerasrecipes.training.building.compile import compile_arguments
from kerasrecipes.training.training import train

RECIPE = Recipe(
    data=use("Digits", classes=[0, 1, 2], examples_per_class=30),
    model=use("MLP", units=[16]),
    optimizer=use("Adam", learning_rate=0.01),
    epochs=2,
)
LOGITS = 3 * np.random.default_rng(0).normal(size=(6, 3)).astype("float32")
LABELS = np.array([0, 1, 2, 2, 1, 0])
ONE_HOT = np.eye(3)[LABELS]
LIKELY = softmax(LOGITS, axis=-1)
CATEGORICAL = -(ONE_HOT * log_softmax(LOGITS, axis=-1)).sum(-1).mean()
BINARY = -(ONE_HOT * np.log(expit(LOGITS)) + (1 - ONE_HOT) * np.log(expit(-LOGITS))).mean()
RIGHT = np.where(ONE_HOT == 1, expit(LOGITS), expit(-LOGITS))

# The losses of Keras that take `from_logits`, and their values on the logits above.
LOSSES = {
    "SparseCategoricalCrossentropy": CATEGORICAL,
    "CategoricalCrossentropy": CATEGORICAL,
    "CategoricalFocalCrossentropy": -(ONE_HOT * 0.25 * (1 - LIKELY) ** 2 * np.log(LIKELY))
    .sum(-1)
    .mean(),
    "BinaryCrossentropy": BINARY,
    "BinaryFocalCrossentropy": -((1 - RIGHT) ** 2 * np.log(RIGHT)).mean(),
}
# Keras 3.16 has it for integer labels, too.
if hasattr(keras.losses, "SparseCategoricalFocalCrossentropy"):
    LOSSES["SparseCategoricalFocalCrossentropy"] = LOSSES["CategoricalFocalCrossentropy"]
# Those of probabilities, without `from_logits`, on the softmax of the logits.
OF_PROBABILITIES = {
    "Dice": 1 - 2 * (ONE_HOT * LIKELY).sum() / (6 + LIKELY.sum()),
    "KLDivergence": CATEGORICAL,
    "MeanSquaredLogarithmicError": ((np.log1p(ONE_HOT) - np.log1p(LIKELY)) ** 2).mean(),
    "Poisson": (LIKELY - ONE_HOT * np.log(LIKELY)).mean(),
    "Tversky": 1 - (ONE_HOT * LIKELY).sum() / (0.5 * 6 + 0.5 * LIKELY.sum()),
}
# Those of scores, which need no probabilities.
OF_SCORES = {
    "CategoricalHinge", "CosineSimilarity", "Hinge", "Huber", "LogCosh", "MeanAbsoluteError",
    "MeanSquaredError", "SquaredHinge",
}  # fmt: skip
UNSUITABLE = {
    "CategoricalGeneralizedCrossEntropy", "CTC", "Circle", "MeanAbsolutePercentageError",
}  # fmt: skip
METRICS = {
    "SparseCategoricalCrossentropy": CATEGORICAL,
    "CategoricalCrossentropy": CATEGORICAL,
    "BinaryCrossentropy": BINARY,
    "AUC": roc_auc_score(ONE_HOT.ravel(), LIKELY.ravel()),
}


def taking_logits(module):
    classes = inspect.getmembers(module, inspect.isclass)
    return {name for name, c in classes if "from_logits" in inspect.signature(c).parameters}


def loss_of(spec, **options):
    return float(compile_arguments(RECIPE.replace({"loss": spec}), "abc", **options)["loss"](
        LABELS, LOGITS
    ))  # fmt: skip


def metric_of(spec, **options):
    (metric,) = compile_arguments(RECIPE.replace({"metrics": [spec]}), "abc", **options)["metrics"]
    metric.update_state(LABELS, LOGITS)
    return float(metric.result())


def test_every_loss_and_metric_that_takes_logits_has_a_value_here():
    assert taking_logits(keras.losses) == LOSSES.keys()
    assert taking_logits(keras.metrics) == METRICS.keys()


def test_every_loss_of_keras_is_known():
    classes = dict(inspect.getmembers(keras.losses, inspect.isclass))
    known = {*LOSSES, *OF_PROBABILITIES, *OF_SCORES, *UNSUITABLE}
    assert {name for name in classes if name != "Loss"} == known
    assert len(known) == len([*LOSSES, *OF_PROBABILITIES, *OF_SCORES, *UNSUITABLE])


@pytest.mark.parametrize("mixed", [False, True])
@pytest.mark.parametrize("name", OF_PROBABILITIES)
def test_a_loss_of_probabilities_gets_the_softmax_of_the_logits(name, mixed):
    options = {"axis": [0, 1]} if name in ("Dice", "Tversky") else {}
    expected = pytest.approx(OF_PROBABILITIES[name], rel=1e-5)
    assert loss_of(use(name, **options), mixed_labels=mixed) == expected
    assert loss_of(use("ClassLoss", loss=use(name, **options))) == expected
    said = loss_of(use("ClassLoss", loss=use(name, **options), softmax=False))
    assert said != expected


@pytest.mark.parametrize("name", sorted(OF_SCORES))
def test_a_loss_of_scores_gets_logits(name):
    assert loss_of(use(name)) == pytest.approx(
        float(getattr(keras.losses, name)()(ONE_HOT, LOGITS))
    )


@pytest.mark.parametrize("name", ["CategoricalHinge", "Hinge", "SquaredHinge"])
def test_a_hinge_is_the_same_as_loss_and_as_metric(name):
    assert metric_of(use(name)) == pytest.approx(loss_of(use(name)), rel=1e-5)


@pytest.mark.parametrize("name", sorted(UNSUITABLE))
def test_a_loss_of_something_else_is_refused(name):
    with pytest.raises(ValueError, match=f"which {name} does not. Use (Mean|Sparse)"):
        loss_of(use(name))


@pytest.mark.parametrize(
    ("metric", "instead"),
    [
        (use("Accuracy"), "SparseCategoricalAccuracy"),
        (use("MeanIoU", num_classes=3), "OneHotMeanIoU"),
        (use("ClassMetric", metric=use("IoU", num_classes=3, target_class_ids=[0])), "OneHotIoU"),
    ],
)
def test_a_metric_of_something_else_is_refused(metric, instead):
    with pytest.raises(ValueError, match=rf"does not\. Use {instead}\."):
        metric_of(metric)


@pytest.mark.parametrize("mixed", [False, True])
@pytest.mark.parametrize("name", LOSSES)
def test_a_loss_without_options_is_of_logits(name, mixed):
    assert loss_of(use(name), mixed_labels=mixed) == pytest.approx(LOSSES[name], rel=1e-5)
    nested = use("ClassLoss", loss=use(name)) if not name.startswith("Sparse") else use(name)
    assert loss_of(nested) == pytest.approx(LOSSES[name], rel=1e-5)


def test_what_a_recipe_says_of_logits_is_kept():
    said = {"from_logits": False}
    value = loss_of(use("SparseCategoricalCrossentropy", **said))
    assert value == keras.losses.SparseCategoricalCrossentropy(**said)(LABELS, LOGITS)
    assert abs(value - CATEGORICAL) > 0.1


@pytest.mark.parametrize("name", METRICS)
def test_a_metric_without_options_is_of_a_model_that_returns_logits(name):
    options = {"num_thresholds": 10_000} if name == "AUC" else {}
    expected = pytest.approx(METRICS[name], rel=1e-5)
    assert metric_of(use(name, **options)) == expected
    nested = use("ClassMetric", metric=use(name, **options), sparse=name.startswith("Sparse"))
    assert metric_of(nested) == expected


def test_a_metric_gets_what_its_from_logits_says():
    for of_logits in (True, False):
        said = use("CategoricalCrossentropy", from_logits=of_logits)
        assert metric_of(said) == pytest.approx(CATEGORICAL, rel=1e-5)
    ranked = use("AUC", from_logits=True, num_thresholds=10_000)
    expected = roc_auc_score(ONE_HOT.ravel(), LOGITS.ravel())
    assert metric_of(ranked) == pytest.approx(expected, rel=1e-5)
    assert abs(expected - METRICS["AUC"]) > 0.01


@pytest.mark.parametrize("mixed", [False, True])
@pytest.mark.parametrize("name", ["crossentropy", "ce"])
def test_the_short_name_of_the_cross_entropy(name, mixed):
    assert metric_of(name, mixed_labels=mixed) == pytest.approx(CATEGORICAL, rel=1e-5)


def names_of(*metrics):
    compiled = compile_arguments(RECIPE.replace({"metrics": metrics}), "abc")["metrics"]
    return [metric if isinstance(metric, str) else metric.name for metric in compiled]


def test_a_recipe_names_its_metrics_the_same_each_time():
    metrics = ["accuracy", use("Recall"), use("F1Score"), use("Recall", class_id=1)]
    metrics += [use("ClassMetric", metric=use("Recall")), use("F1Score", name="f1"), use("F1Score")]
    expected = [
        "accuracy", "recall", "f1_score", "recall_1", "recall_2", "f1", "f1_score_1",
    ]  # fmt: skip
    assert [names_of(*metrics) for _ in range(2)] == [expected] * 2


@pytest.mark.parametrize("name", ["AUC", "Recall", "SparseTopKCategoricalAccuracy"])
def test_a_metric_has_the_name_that_keras_gives_a_first_one(name):
    keras.utils.clear_session()
    assert names_of(use(name)) == [getattr(keras.metrics, name)().name]


def test_the_default_loss_by_its_name_trains_as_the_default(tmp_path):
    named = RECIPE.replace({"loss": "SparseCategoricalCrossentropy"})
    assert named.to_dict()["loss"] == {"use": "SparseCategoricalCrossentropy"}
    runs = [train(recipe, directory=tmp_path, verbose=0) for recipe in (RECIPE, named)]
    losses = [[row["val_loss"] for row in run.history] for run in runs]
    assert losses[0] == losses[1]
