"""Asks a network with dropout how sure it is.

    python recipes/monte_carlo_dropout.py

Trains on 200 handwritten digits, then predicts the test images once without dropout and a hundred
times with it. What the masks disagree about is wrong more often: it is what to show to a person.
"""

import numpy as np

from kerasrecipes import Recipe, train, use
from kerasrecipes.models.surgery.monte_carlo_dropout import MonteCarloDropout

recipe = Recipe(
    data=use("Digits", examples_per_class=20, test_fraction=0.5),
    model=use("MLP", units=[128, 128], dropout_rate=0.5),
    epochs=20,
    steps_per_epoch=25,
    batch_size=20,
    monitor=None,
)


def ask(model, split, samples=100, seed=0) -> dict[str, float]:
    """Returns accuracies: of one pass, of the mean of many, and of its surer and other half."""
    images = split.read(np.arange(len(split)))
    once = model.predict(images, verbose=0).argmax(-1) == split.labels
    prediction = MonteCarloDropout(model, samples, seed).predict(images)
    right = prediction.mean.argmax(-1) == split.labels
    surest_first = np.argsort(prediction.mutual_information)
    surer, other = np.array_split(right[surest_first], 2)
    return {
        "one pass without dropout": once.mean(),
        f"mean of {samples} masks": right.mean(),
        "the half that masks agree about": surer.mean(),
        "the other half": other.mean(),
    }


if __name__ == "__main__":
    run = train(recipe, name="monte_carlo_dropout")
    test = recipe.data.build("data").load().test
    for what, accuracy in ask(run.load_model(), test).items():
        print(f"{what}: {accuracy:.2%}")
