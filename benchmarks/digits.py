"""Claim: the demo recipe beats scikit-learn's SVC(gamma="scale") on the same test digits.

    python benchmarks/digits.py [SPLIT_SEED]

Five seeds on one test split. The recipe was settled on splits 1 to 4, and split 0, the default, was
scored afterwards; 61% of its test images are test images of the others too, so the recipe's scores
may be a little too high. The SVC gets the same training images.
"""

import sys
import tempfile

from harness.inputs import recipe_of
from sklearn.svm import SVC

from kerasrecipes import sweep


def main(split_seed: int = 0) -> None:
    recipe = recipe_of("train_from_scratch").replace({"data.split_seed": split_seed})
    data = recipe.data.build("data").load()
    train, test = (split.images.reshape(len(split), -1) / 255 for split in (data.train, data.test))
    svc = SVC(gamma="scale").fit(train, data.train.labels).score(test, data.test.labels)
    with tempfile.TemporaryDirectory() as directory:
        result = sweep(recipe, {"recipe": {}}, range(5), directory=directory, verbose=0)
    (row,) = result.summary("test_accuracy")
    scores = [run["test_accuracy"] for run in result.rows]
    print(f"SVC(gamma='scale')    {svc:.2%} of {len(test)} test images, split {split_seed}")
    print(f"recipe                {row['mean']:.2%} mean, n = {len(scores)} seeds")
    print(f"                      {', '.join(f'{score:.2%}' for score in scores)}")


if __name__ == "__main__":
    main(*map(int, sys.argv[1:2]))
