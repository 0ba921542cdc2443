"""Label smoothing for integer labels: Keras's loss, in a recipe or in `ClassLoss`."""

import keras
import numpy as np
from scipy.special import log_softmax

from kerasrecipes import Recipe, use
from kerasrecipes.losses import ClassLoss
from kerasrecipes.training.building.compile import compile_arguments


def test_integer_labels_are_smoothed():
    smoothing, classes = 0.1, 5
    generator = np.random.default_rng(0)
    logits, labels = generator.normal(size=(8, classes)), generator.integers(0, classes, 8)
    log_p = log_softmax(logits, axis=-1)
    expected = -(1 - smoothing) * log_p[np.arange(8), labels] - smoothing * log_p.mean(-1)
    smoothed = {"from_logits": True, "label_smoothing": smoothing}
    loss = ClassLoss(keras.losses.CategoricalCrossentropy(**smoothed))
    recipe = Recipe(data="Digits", model="MLP", loss=use("CategoricalCrossentropy", **smoothed))
    of_recipe = compile_arguments(recipe, [str(i) for i in range(classes)])["loss"]
    for each in (loss, of_recipe):
        np.testing.assert_allclose(float(each(labels, logits)), expected.mean(), rtol=1e-5)
