"""Estimates how sure a network is of each image, by Monte Carlo dropout.

    python recipes/monte_carlo_dropout.py

30 s of CPU time, at most 3.5 min on 2 busy CPU cores (TensorFlow 2.21); test accuracy 99.9% on the
half of the images that the dropout masks agree about, 85.6% on the other half: means over seeds 0
to 2 (99.6 to 100 and 84.9 to 86.0), n = 449 images each.

Trains on 200 handwritten digits, then predicts the test images once without dropout and a hundred
times with it. What the masks disagree about is wrong more often: it is what to show to a person.
"""

import numpy as np

from kerasrecipes import Recipe, train, use
from kerasrecipes.models import MonteCarloDropout

recipe = Recipe(
    data=use("Digits", examples_per_class=20, test_fraction=0.5),
    model=use("MLP", units=[128, 128], dropout_rate=0.5),
    epochs=20,
    steps_per_epoch=25,
    batch_size=20,
    monitor=None,
)


def accuracies(model, split, samples=100, seed=0) -> dict[str, float]:
    """Returns the accuracy of one pass, of the mean of many, and of its surer and other half."""
    images = split.read(np.arange(len(split)))
    once = model.predict(images, verbose=0).argmax(-1) == split.labels
    prediction = MonteCarloDropout(model, samples, seed).predict(images)
    correct = prediction.mean.argmax(-1) == split.labels
    surest_first = np.argsort(prediction.mutual_information)
    agreed, disagreed = np.array_split(correct[surest_first], 2)
    return {
        "one pass without dropout": once.mean(),
        f"mean of {samples} masks": correct.mean(),
        "the half that masks agree about": agreed.mean(),
        "the other half": disagreed.mean(),
    }


if __name__ == "__main__":
    run = train(recipe, name="monte_carlo_dropout")
    test = recipe.data.build("data").load().test
    for what, accuracy in accuracies(run.load_model(), test).items():
        print(f"{what}: {accuracy:.2%}")
