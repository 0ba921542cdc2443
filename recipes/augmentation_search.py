"""Searches how strongly to augment handwritten digits, against TrivialAugment's fixed strengths.

    python recipes/augmentation_search.py
    kerasrecipes train best_recipe.json --seeds 10 11 12 13 14

Takes 8 minutes on 2 busy CPU cores (TensorFlow 2.21), 6 of them CPU time. What it found has a test
accuracy of 91.7% (90.8% to 92.5%, 10 seeds that tuned nothing, n = 719 images), TrivialAugment one
of 88.7%, no augmentation one of 86.1%.

Validation chooses the strengths, which are options with dotted paths as any other. TrivialAugment
needs no search: train with `--set 'augment=[{"use": "PolicyAugment", "policy": "trivialaugment"}]'`
and the same seeds. Differences and all scores are in docs/guides/augmentation.md.
"""

import sys

from kerasrecipes import Recipe, main, use
from kerasrecipes.tuning import uniform

recipe = Recipe(
    # Few images to train on, for then augmentation matters; many to choose by, and to score.
    data=use("Digits", examples_per_class=10, validation_fraction=0.3, test_fraction=0.4),
    augment=[
        use(
            "RandomGeometry",
            rotation_degrees=5.0,
            scale=1.1,
            horizontal_translation_fraction=0.1,
            vertical_translation_fraction=0.1,
        ),
        use("RandomNoise", gaussian=0.02),
    ],
    model=use("ResNetCIFAR", depth=8, filters=8),
    optimizer=use(
        "SGD",
        momentum=0.9,
        nesterov=True,
        learning_rate=use("CosineDecay", initial_learning_rate=0.05),
    ),
    epochs=20,
    steps_per_epoch=20,
    batch_size=64,
    monitor=None,
)

# A strength is an option with a path like any other. All of them at their least change nothing.
space = {
    "augment.RandomGeometry.rotation_degrees": uniform(0.0, 30.0),
    "augment.RandomGeometry.scale": uniform(1.0, 1.5),
    "augment.RandomGeometry.horizontal_translation_fraction": uniform(0.0, 0.25),
    "augment.RandomGeometry.vertical_translation_fraction": uniform(0.0, 0.25),
    "augment.RandomNoise.gaussian": uniform(0.0, 0.3),
}

if __name__ == "__main__":
    main(recipe, space, sys.argv[1:] or ["search"], rungs="16x6,5x12,3x20")
