"""Claims about linear classifiers on features: both of ours score what scikit-learn's does.

    python benchmarks/linear_probe.py cifar10.npz mobilenet_0.25_224_notop.weights.h5

1. `LinearProbe` is within 0.5 points of `LogisticRegression` behind a `StandardScaler`, on the same
   features, L2 chosen from the same grid on the same validation images.
2. So is, on average over draws, the last layer that the recipe `extract_features.py` trains by
   gradient descent, if it is given the L2 penalty that `LinearProbe` chose and a rate that decays
   to 0. As the recipe stands, without either, it is not.

Features are those of MobileNet (alpha 0.25, ImageNet's weights) for CIFAR-10 at 96 pixels; each
draw takes other training and validation images; the accuracy is that on all 10,000 test images.
`LinearProbe` uses scikit-learn's solver inside, but has a grid, a standardization and a choice of
its own: that is what is compared.
"""

import argparse
import os
import tempfile
from pathlib import Path

import keras
import numpy as np
from harness.inputs import recipe_of
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import GridSearchCV, PredefinedSplit
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from kerasrecipes import Recipe, train, use
from kerasrecipes.cli.tables import print_table
from kerasrecipes.data import Dataset
from kerasrecipes.training import build_recipe
from kerasrecipes.transfer import LinearProbe, extract_features

DRAWS = (0, 1, 2, 3, 4)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("images", help="an .npz file, as keras.datasets writes it")
    parser.add_argument("weights", help="MobileNet's, alpha 0.25, without its classifier")
    parser.add_argument("--draws", type=int, nargs="+", default=DRAWS)
    parser.add_argument("--labels", type=int, default=50, help="training images of a class")
    arguments = parser.parse_args()
    recipe = recipe_of("extract_features").replace(
        {
            "data": use(
                "Npz",
                path=arguments.images,
                examples_per_class=arguments.labels,
                validation_fraction=0.01,
            ),
            "preprocessing": [use("Resizing", height=96, width=96)],
            "model.backbone": "MobileNet",
            "model.backbone_options": {"alpha": 0.25},
            "model.weights": arguments.weights,
        }
    )
    rows = []
    with tempfile.TemporaryDirectory() as directory:
        for draw in arguments.draws:
            rows.append(accuracies(recipe.replace({"data.split_seed": draw}), Path(directory)))
            print(f"draw {draw}: {rows[-1]}", flush=True)
    print()
    print_table([summary(name, rows) for name in rows[0]])
    print(f"\nn = {len(rows)} draws, load {os.getloadavg()[0]:.1f}, {keras.backend.backend()}")


def accuracies(recipe: Recipe, directory: Path) -> dict[str, float]:
    """Returns the accuracy on test of each classifier, by its name, scikit-learn's first."""
    dataset = recipe.data.build("data").load()
    model = build_recipe(recipe, dataset).model
    (features,) = extract_features(
        model, dataset, ["conv_pw_13"], directory=directory / "features"
    ).values()
    fit, chosen_by, test = ((s.features, s.labels) for s in features.splits.values())
    probe = LinearProbe().fit(*fit, *chosen_by)
    penalized = recipe.replace(
        {
            "model.kernel_regularizer": use("half_l2", factor=probe.l2),
            "optimizer.learning_rate": use("CosineDecay", initial_learning_rate=0.01),
        }
    )
    descended, with_l2 = (
        train(trained, directory=directory, verbose=0).metrics["test"]["accuracy"]
        for trained in (recipe, penalized)
    )
    return {
        "LogisticRegression": scikit_learn(features),
        "LinearProbe": probe.correct(*test) / len(test[1]),
        "extract_features.py, its L2, cosine": with_l2,
        "extract_features.py": descended,
    }


def scikit_learn(features: Dataset) -> float:
    """Returns the accuracy on test of scikit-learn's classifier, C chosen on validation."""
    fit, validation, test = features.splits.values()
    pipeline = make_pipeline(StandardScaler(), LogisticRegression(max_iter=5000))
    name = "logisticregression__C"
    grid = {name: [1 / (l2 * len(fit)) for l2 in LinearProbe().l2]}
    folds = PredefinedSplit(np.repeat([-1, 0], [len(fit), len(validation)]))
    both = [
        np.concatenate([getattr(split, name) for split in (fit, validation)])
        for name in ("features", "labels")
    ]
    search = GridSearchCV(pipeline, grid, cv=folds, refit=False).fit(*both)
    pipeline.set_params(**search.best_params_).fit(fit.features, fit.labels)
    return float(pipeline.score(test.features, test.labels))


def summary(name: str, rows: list[dict[str, float]]) -> dict[str, str]:
    """Returns a classifier's accuracy, and how far it is from scikit-learn's, over all draws."""
    points = 100 * np.array([row[name] for row in rows])
    less = points - 100 * np.array([row["LogisticRegression"] for row in rows])
    return {
        "classifier": name,
        "accuracy": f"{points.mean():.2f}% ({points.min():.2f} to {points.max():.2f})",
        "less scikit-learn": f"{less.mean():+.2f} points ({less.min():+.2f} to {less.max():+.2f})",
    }


if __name__ == "__main__":
    main()
