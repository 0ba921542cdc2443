"""Searches optimizer, rates, decay, batch size, width and image size on the handwritten digits.

    python recipes/search_hyperparameters.py

Twenty trials of two epochs over wide ranges, eight of eight epochs in what is left of them, two of
thirty; then the best two with two other seeds each. Killed, it goes on when it is started again.
The folder of the search, in saved_models/, holds trials.csv, regions.csv and best_recipe.json.
"""

from kerasrecipes import Recipe, use
from kerasrecipes.cli.tables import print_table
from kerasrecipes.tuning import choice, log_uniform, search, uniform

recipe = Recipe(
    data=use("Digits", validation_fraction=0.2),
    model=use("MLP", units=[64]),
    optimizer=use("SGD", momentum=0.9, weight_decay=1e-4, learning_rate=0.1),
    batch_size=64,
    monitor=None,  # The last epoch's score: the best of thirty is luck in part.
)

# An optimizer's own options are searched only where it is chosen; rates by orders of magnitude.
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
STAGES = "20x2,8x8,2x30"


def table(found) -> list[dict[str, str]]:
    """Returns a row a stage: its trials, and the best of them."""
    rows = []
    for number, stage in enumerate(found.stages, start=1):
        trials = [row for row in found.trials if row["stage"] == number]
        scores = [row["score"] for row in trials if row["score"] is not None]
        rows.append(
            {
                "stage": f"{number}: {stage}",
                "trials": str(len(trials)),
                "epochs trained": str(sum(row["cost_epochs"] for row in trials)),
                "best validation accuracy": f"{max(scores, default=float('nan')):.2%}",
            }
        )
    return rows


if __name__ == "__main__":
    found = search(recipe, space, STAGES, name="search_hyperparameters", finalists=2, final_seeds=2)
    print_table(table(found))
    score = found.result["score"]
    print(f"finalists' best: {score['mean']:.2%} on validation, n = {score['n']} seeds")
    print(found.result["set_line"])
