"""Recipes that mix samples: soft labels in training, integers in validation."""

import keras
import numpy as np
import pytest
from scipy.special import log_softmax, softmax

from kerasrecipes.data.augment import Augmentation
from kerasrecipes.data.sources.digits import Digits
from kerasrecipes.layers import MixedSamples
from kerasrecipes.recipe.recipe import Recipe
from kerasrecipes.recipe.spec import use
from kerasrecipes.training.building.build import build_recipe
from kerasrecipes.training.building.compile import compile_arguments
from kerasrecipes.training.training import train

MIX = use("MixedSamples", mixup_alpha=0.5, cutmix_alpha=1.0)
RECIPE = Recipe(
    data="Digits",
    augment=[use("RandomPadCrop", padding_pixels=1), MIX],
    model=use("MLP", units=[16]),
    optimizer=use("Adam", learning_rate=0.01),
    metrics=[
        "accuracy", use("F1Score", average="macro"), use("SparseTopKCategoricalAccuracy", k=2)
    ],
    class_weight={"3": 5.0},
    epochs=2,
)  # fmt: skip
CLASSES = [str(digit) for digit in range(10)]
LOGITS = np.random.default_rng(0).normal(size=(6, 10)).astype("float32")
SOFT = np.random.default_rng(1).dirichlet(np.full(10, 0.3), 6).astype("float32")
LABELS = SOFT.argmax(-1)


def test_a_recipe_trains_on_soft_labels_and_validates_on_integers(tmp_path):
    run = train(RECIPE, directory=tmp_path, verbose=0)
    row = run.history[-1]
    probabilities, labels = (
        run.predictions[f"validation_{n}"] for n in ("probabilities", "labels")
    )
    loss = -np.log(probabilities[np.arange(len(labels)), labels]).mean()
    best = run.history[run.metrics["epoch"] - 1]
    assert best["val_loss"] == pytest.approx(loss, rel=1e-4)
    assert best["val_accuracy"] == pytest.approx(np.mean(probabilities.argmax(-1) == labels))
    assert run.metrics["validation"]["loss"] == pytest.approx(loss, rel=1e-4)
    assert {"accuracy", "f1_score", "sparse_top_k_categorical_accuracy"} <= row.keys()
    assert 0.1 < row["accuracy"] <= 1
    # What the report shows are mixed pictures too.
    assert run.examples["augmented"].shape[:2] == (8, 6)


@pytest.mark.parametrize(
    "mix", [use("MixUp"), use("CutMix"), use("RandomApply", layers=[MIX], probability=0.5)]
)
def test_other_layers_that_mix_are_known(mix):
    built = build_recipe(RECIPE.replace({"augment": [mix]}), Digits().load())
    assert built.mixed_labels
    images, labels = np.zeros((6, 8, 8, 1), "uint8"), np.arange(6)
    _, soft = Augmentation(built.augment, 10)(images, labels, np.array([1, 2], "uint32"))
    np.testing.assert_allclose(keras.ops.convert_to_numpy(soft).sum(-1), 1, atol=1e-6)


def test_without_mixing_nothing_changes():
    recipe = RECIPE.replace({"augment": [use("RandomFlip")], "class_weight": None})
    assert not build_recipe(recipe, Digits().load()).mixed_labels
    compiled = compile_arguments(recipe, CLASSES)
    assert type(compiled["loss"]) is keras.losses.SparseCategoricalCrossentropy
    assert compiled["metrics"][0] == "accuracy"


def test_losses_read_both_kinds_of_labels():
    expected = {
        "integers": -log_softmax(LOGITS, -1)[np.arange(6), LABELS].mean(),
        "soft": -(SOFT * log_softmax(LOGITS, -1)).sum(-1).mean(),
    }
    losses = [
        use("SparseCategoricalCrossentropy", from_logits=True),
        use("CategoricalCrossentropy", from_logits=True),
    ]
    for spec in losses:
        loss = compile_arguments(RECIPE.replace({"loss": spec}), CLASSES, True)["loss"]
        for labels, kind in ((LABELS, "integers"), (SOFT, "soft")):
            assert float(loss(labels, LOGITS)) == pytest.approx(expected[kind], rel=1e-5)
    # A loss of one-hot labels reads integers in every recipe, label smoothing among them.
    smooth = use("CategoricalCrossentropy", from_logits=True, label_smoothing=0.1)
    loss = compile_arguments(RECIPE.replace({"loss": smooth}), CLASSES)["loss"]
    target = 0.9 * np.eye(10)[LABELS] + 0.01
    expected = -(target * log_softmax(LOGITS, -1)).sum(-1).mean()
    assert float(loss(LABELS, LOGITS)) == pytest.approx(expected, rel=1e-5)


def test_metrics_count_the_largest_class_of_a_mixed_sample():
    recipe = RECIPE.replace({"metrics": ["accuracy", "ce", *RECIPE.metrics[1:]]})
    scores = {}
    for metric in compile_arguments(recipe, CLASSES, True)["metrics"]:
        values = []
        for labels in (LABELS, SOFT):
            metric.reset_state()
            metric.update_state(labels, LOGITS)
            values.append(float(metric.result()))
        assert values[0] == pytest.approx(values[1], rel=1e-6)
        scores[metric.name] = values[0]
    order = np.argsort(-LOGITS, -1)
    assert scores["accuracy"] == pytest.approx(np.mean(order[:, 0] == LABELS))
    top = np.mean((order[:, :2] == LABELS[:, None]).any(-1))
    assert scores["sparse_top_k_categorical_accuracy"] == pytest.approx(top)
    likelihood = softmax(LOGITS, -1)[np.arange(6), LABELS]
    assert scores["ce"] == pytest.approx(-np.log(likelihood).mean(), rel=1e-4)


def test_class_weights_weigh_each_class_of_a_mixed_sample():
    weights = {label: 1.0 + label for label in range(10)}
    augmentation = Augmentation([MixedSamples()], 10, weights)
    images, key = np.zeros((6, 8, 8, 1), "uint8"), np.array([1, 2], "uint32")
    _, labels, sample_weight = augmentation(images, LABELS, key)
    _, soft = Augmentation([MixedSamples()], 10)(images, LABELS, key)
    soft = keras.ops.convert_to_numpy(soft).astype("float64")
    loss = compile_arguments(RECIPE, CLASSES, True)["loss"]
    of_classes = -soft * log_softmax(LOGITS.astype("float64"), -1)
    expected = (of_classes * np.array(list(weights.values()))).sum(-1).mean()
    assert float(loss(labels, LOGITS, sample_weight=sample_weight)) == pytest.approx(expected)
    assert ((soft > 0) & (soft < 1)).any()


@pytest.mark.parametrize(
    ("loss", "message"),
    [
        (
            use("CategoricalHinge"),
            "cannot take mixed labels. Use a cross-entropy, or augment without mixing.",
        ),
        (
            use("SparseCategoricalCrossentropy", from_logits=True, ignore_class=3),
            "Use it without `ignore_class`, or augment without mixing.",
        ),
    ],
)
def test_losses_that_cannot_take_soft_labels_are_told(loss, message):
    with pytest.raises(ValueError, match=message):
        build_recipe(RECIPE.replace({"loss": loss}), Digits().load())


def test_a_loss_of_the_user_gets_soft_labels_in_both(monkeypatch, tmp_path):
    monkeypatch.syspath_prepend(str(tmp_path))
    (tmp_path / f"loss_of_{tmp_path.name}.py").write_text(
        "import keras\n"
        "class Brier(keras.losses.Loss):\n"
        "    def call(self, y_true, y_pred):\n"
        "        return keras.ops.sum((y_true - keras.ops.softmax(y_pred)) ** 2, axis=-1)\n"
    )
    recipe = RECIPE.replace({"loss": use(f"loss_of_{tmp_path.name}:Brier")})
    loss = compile_arguments(recipe, CLASSES, True)["loss"]
    expected = ((np.eye(10)[LABELS] - softmax(LOGITS, -1)) ** 2).sum(-1).mean()
    assert float(loss(LABELS, LOGITS)) == pytest.approx(expected, rel=1e-5)
