import runpy
from pathlib import Path

import keras
import numpy as np

from kerasrecipes.data.split import ArraySplit

ROOT = Path(__file__).parents[2]
RECIPE = runpy.run_path(str(ROOT / "recipes" / "monte_carlo_dropout.py"))


def test_the_half_that_masks_agree_about_is_told_from_the_other():
    """A network that knows bright images, and guesses dark ones by the mask."""
    model = keras.Sequential(
        [keras.Input((1, 1, 4)), keras.layers.Dropout(0.5), keras.layers.Flatten()]
    )
    pixels = np.zeros((40, 1, 1, 4), "uint8")
    labels = np.arange(40, dtype="int32") % 4
    # Where all channels are on, a mask decides; where none is, all masks agree.
    pixels[:20] = 200
    model.add(keras.layers.Dense(4, use_bias=True))
    model.set_weights([np.eye(4), np.array([1.0, 0, 0, 0])])
    labels[20:] = 0
    scores = RECIPE["accuracies"](model, ArraySplit(pixels, labels), samples=20)
    assert scores["the half that masks agree about"] == 1
    assert scores["the other half"] < 0.6
    assert list(scores) == [
        "one pass without dropout",
        "mean of 20 masks",
        "the half that masks agree about",
        "the other half",
    ]
