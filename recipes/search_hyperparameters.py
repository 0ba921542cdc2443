"""Searches seven hyperparameters of a small network on scikit-learn's handwritten digits.

    python recipes/search_hyperparameters.py
    python recipes/search_hyperparameters.py search --workers 2
    python recipes/search_hyperparameters.py search --rungs 40x2,16x8,4x30 --seed 1 --retrain

3 min of CPU time, at most 7.5 min on 2 busy CPU cores (TensorFlow 2.21). The best recipe then had a
test accuracy of 97.0%, the mean over seeds 0 to 2 (95% interval of the mean 94.8 to 99.3), n = 359
images; the scores that the search shows are those on validation, which chose.

The first rung runs twenty trials of two epochs over wide ranges, the second eight trials of eight
epochs in narrowed ranges, the third two trials of thirty epochs. Then the best three are trained
with three other seeds each. A search that was killed continues when the same command is run again.
The folder of the search, in saved_models/, holds search.html, best_recipe.json, and all trials in
trials.csv; `kerasrecipes train best_recipe.json` gives its test score.
"""

import sys

from kerasrecipes import Recipe, main, use
from kerasrecipes.tuning import choice, log_uniform, uniform

recipe = Recipe(
    data=use("Digits", validation_fraction=0.2),
    model=use("MLP", units=[64]),
    optimizer=use("SGD", momentum=0.9, weight_decay=1e-4, learning_rate=0.1),
    batch_size=64,
    monitor=None,  # The last epoch is scored: the best of thirty would be luck in part.
)

# The options of an optimizer are searched only where it is chosen. `log_uniform` makes all orders
# of magnitude equally likely.
space = {
    "optimizer": choice(
        {
            "SGD": {
                "optimizer.learning_rate": log_uniform(1e-3, 1.0),
                "optimizer.momentum": uniform(0.0, 0.99),
            },
            "Adam": {"optimizer.learning_rate": log_uniform(1e-4, 1e-1)},
        }
    ),
    "optimizer.weight_decay": log_uniform(1e-6, 1e-1),
    "batch_size": choice(32, 64, 128),
    "model.units": choice([32], [64], [128], [64, 64]),
    "data.image_size": choice(8, 16),
}

if __name__ == "__main__":
    main(recipe, space, sys.argv[1:] or ["search"], rungs="20x2,8x8,2x30")
