"""Averages the snapshots of one training with a cyclic learning rate.

    python recipes/snapshot_ensemble.py

17 s of CPU time, at most 6 min on 2 busy CPU cores (TensorFlow 2.21); test accuracy 97.2% and log
loss 0.096 for five snapshots, which alone have 97.0% (96.7 to 97.5) and 0.098 (0.094 to 0.105): one
training with seed 0, n = 359 images. The last two disagree about 0.3% of them: little is gained.

The learning rate falls to 0 and restarts five times. The weights at the end of each cycle are a
member: five members for one training, but five times the inference. Members of one training are
more alike than those of five seeds, whose ensemble `seed_ensemble.py` makes.
"""

from kerasrecipes import Recipe, train, use
from kerasrecipes.ensembles import combine_snapshots, disagreement
from kerasrecipes.runs.ensemble_members import scores_of

restarts = use(
    "CosineDecayRestarts", initial_learning_rate=0.2, first_decay_epochs=8, t_mul=1.0, m_mul=1.0
)
recipe = Recipe(
    data=use("Digits"),
    model=use("MLP", units=[64]),
    optimizer=use("SGD", momentum=0.9, nesterov=True, learning_rate=restarts),
    callbacks=[use("Snapshots")],
    epochs=40,
    batch_size=64,
    monitor=None,
)


if __name__ == "__main__":
    run = train(recipe, name="snapshot_ensemble", verbose=2)
    mean = combine_snapshots(run, name="snapshot_ensemble")
    models = {f"step {each.step}": each for each in run.snapshots} | {"their mean": mean}
    for name, model in models.items():
        test = scores_of(model.predictions)["test"]
        print(f"{name}: {test['accuracy']:.2%}, log loss {test['log_loss']:.4f}")
    last = [each.predictions["test_probabilities"] for each in run.snapshots[-2:]]
    print(f"disagreement of the last two: {disagreement(last)[0, 1]:.2%}")
