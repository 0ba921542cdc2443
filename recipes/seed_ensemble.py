"""Averages the probabilities of one recipe's runs with five seeds, and says what that gains.

    python recipes/seed_ensemble.py

31 s of CPU time, at most 6 min on 2 busy CPU cores (TensorFlow 2.21); test accuracy 97.8% and log
loss 0.095 for one ensemble of seeds 0 to 4; its members have 97.2% (95.5 to 98.1) and 0.099 (0.092
to 0.108), n = 359 images.

The members differ by their seeds alone: initial weights and the order of the images. Their mean
costs five trainings and five times the inference, and is one model in one file.
"""

from kerasrecipes import Recipe, train, use
from kerasrecipes.ensembles import combine
from kerasrecipes.metrics.calibration import log_loss

recipe = Recipe(
    data=use("Digits"),
    model=use("MLP", units=[64]),
    optimizer=use("Adam", learning_rate=0.003),
    epochs=20,
    batch_size=64,
    monitor=None,
)


def scores(run, split="test") -> dict[str, float]:
    """Returns accuracy and log loss of a run from its stored predictions."""
    labels, probabilities = (
        run.predictions[f"{split}_labels"],
        run.predictions[f"{split}_probabilities"],
    )
    accuracy = float((probabilities.argmax(-1) == labels).mean())
    return {"accuracy": accuracy, "log loss": log_loss(labels, probabilities)}


if __name__ == "__main__":
    runs = [train(recipe.replace({"seed": s}), name="seed_ensemble", verbose=2) for s in range(5)]
    for run in (*runs, combine(runs, name="seed_ensemble")):
        found = scores(run)
        print(f"{found['accuracy']:.2%}, log loss {found['log loss']:.4f}: {run.folder}")
