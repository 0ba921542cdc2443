"""Searches how strongly to augment handwritten digits, against TrivialAugment's fixed strengths.

    python recipes/augmentation_search.py
    python recipes/augmentation_search.py search --rungs 6x4,2x8 --seed 1
    kerasrecipes train best_recipe.json --seeds 10 11 12 13 14

Its first whole search is still to come: no score is quoted before.

The strengths of turns, scalings, shears and noise are options with dotted paths, which `search`
varies as it does any other: validation chooses them. Their peer is a policy that has nothing to
choose, and needs no search: train the recipe with `--set
'augment=[{"use": "PolicyAugment", "policy": "trivialaugment"}]'` and the same seeds. Score both by
seeds that tuned nothing.
"""

import sys

from kerasrecipes import Recipe, main, use
from kerasrecipes.tuning import uniform

recipe = Recipe(
    # Few images to train on, for then augmentation matters; many to choose by, and to score.
    data=use("Digits", examples_per_class=30, validation_fraction=0.3, test_fraction=0.4),
    augment=[
        use("RandomGeometry", rotation_degrees=5.0, scale=1.1, horizontal_shear=0.05),
        use("RandomPadCrop", padding_pixels=1),
        use("RandomNoise", gaussian=0.02),
    ],
    model=use("MLP", units=[128, 128]),
    optimizer=use("SGD", momentum=0.9, nesterov=True, learning_rate=0.05),
    epochs=30,
    steps_per_epoch=20,
    batch_size=64,
    monitor=None,
)

# A strength is an option with a path like any other.
space = {
    "augment.RandomGeometry.rotation_degrees": uniform(0.0, 30.0),
    "augment.RandomGeometry.scale": uniform(1.0, 1.5),
    "augment.RandomGeometry.horizontal_shear": uniform(0.0, 0.4),
    "augment.RandomNoise.gaussian": uniform(0.0, 0.3),
}

if __name__ == "__main__":
    main(recipe, space, sys.argv[1:] or ["search"], rungs="12x8,4x16,2x30")
