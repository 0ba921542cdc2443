"""Averages the snapshots of one training with a cyclic learning rate.

    python recipes/snapshot_ensemble.py

17 s of CPU time, at most 6 min on 2 busy CPU cores (TensorFlow 2.21); test accuracy 97.2% and log
loss 0.096 for five snapshots, which alone have 97.0% (96.7 to 97.5) and 0.098 (0.094 to 0.105): one
training with seed 0, n = 359 images. The last two disagree about 0.3% of them: little is gained.

The learning rate falls to 0 and restarts five times. The weights at the end of each cycle are a
member: five members for one training, but five times the inference. Members of one training are
more alike than those of five seeds, whose ensemble `seed_ensemble.py` makes.
"""

import numpy as np
from scipy.special import softmax

from kerasrecipes import Recipe, train, use
from kerasrecipes.callbacks import Snapshots
from kerasrecipes.ensembles import average_snapshots, disagreement
from kerasrecipes.metrics.calibration import log_loss

restarts = use(
    "CosineDecayRestarts", initial_learning_rate=0.2, first_decay_epochs=8, t_mul=1.0, m_mul=1.0
)
recipe = Recipe(
    data=use("Digits"),
    model=use("MLP", units=[64]),
    optimizer=use("SGD", momentum=0.9, nesterov=True, learning_rate=restarts),
    epochs=40,
    batch_size=64,
    monitor=None,
)


def probabilities_of(models, images) -> list[np.ndarray]:
    """Returns the probabilities of images by each model."""
    return [softmax(model.predict(images, verbose=0), axis=-1) for model in models]


if __name__ == "__main__":
    snapshots = Snapshots()
    run = train(recipe, name="snapshot_ensemble", callbacks=[snapshots], overwrite=True)
    model, taken = run.load_model(compile=False), snapshots.snapshots
    test = recipe.data.build("data").load().test
    images = test.read(np.arange(len(test)))
    singles = probabilities_of([average_snapshots(model, [one]) for one in taken], images)
    (mean,) = probabilities_of([average_snapshots(model, taken)], images)
    for step, found in zip([*snapshots.steps, "their mean"], [*singles, mean], strict=True):
        right = np.mean(found.argmax(-1) == test.labels)
        print(f"{step}: {right:.2%}, log loss {log_loss(test.labels, found):.4f}")
    print(f"disagreement of the last two: {disagreement(singles[-2:])[0, 1]:.2%}")
