"""Claim: augmentation in one pass is several times as fast as a stack of Keras's layers.

    python benchmarks/augmentation.py [--backends tensorflow jax torch] [--sizes 32 224]
    python benchmarks/augmentation.py --training

Images per second for flip, translation, rotation, zoom and colours as one `RandomGeometry` and one
`RandomPhotometry` against the five layers of Keras, and for `PolicyAugment` against Keras's
`RandAugment`, each compiled as a pipeline compiles it; and, per core, against the same operations
in albumentations 2.0.8, where that is installed. On TensorFlow with OpenCV, which the pipeline then
warps by, also against TensorFlow's own warp. Both sides take turns on the same batch.

`--training` times a step of ResNet-20 on batches from the recipe's pipeline, with the full stack
and without augmentation.

The first figure of each is by the wall's clock; the second by CPU seconds of the process, times the
CPUs: what an idle machine could do.
"""

import argparse
import itertools
import os
import statistics
import subprocess
import sys

import numpy as np
from harness.turns import CPU, WALL, take_turns

BATCHES = {32: 128, 224: 16}
CPUS = os.cpu_count()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--backends", nargs="+", default=["tensorflow", "jax", "torch"])
    parser.add_argument("--sizes", nargs="+", type=int, default=list(BATCHES))
    parser.add_argument("--turns", type=int, default=7)
    parser.add_argument("--training", action="store_true")
    arguments = parser.parse_args()
    if arguments.training:
        _training(arguments.turns)
    elif len(arguments.backends) > 1:
        for backend in arguments.backends:
            sizes = map(str, arguments.sizes)
            command = [sys.executable, __file__, "--turns", str(arguments.turns)]
            command += ["--backends", backend, "--sizes", *sizes]
            subprocess.run(command, env={**os.environ, "KERAS_BACKEND": backend}, check=True)
    else:
        os.environ["KERAS_BACKEND"] = arguments.backends[0]
        for size, dtype in itertools.product(arguments.sizes, ("uint8", "float32")):
            _compare(size, dtype, arguments.turns)


def _compare(size: int, dtype: str, turns: int) -> None:
    import keras

    images = np.random.default_rng(0).integers(0, 256, (BATCHES[size], size, size, 3)).astype(dtype)
    ours, theirs = _pipeline(_stack(), images), _pipeline(_keras_stack(), images)
    title = f"{keras.backend.backend()}, {size}x{size} {dtype}"
    print(f"{title}, n = {turns} turns, load {os.getloadavg()[0]:.1f}")
    _report("stack of five", ours, theirs, len(images), turns)
    ours = _pipeline([_policy("randaugment")], images)
    theirs = _pipeline([keras.layers.RandAugment((0, 255))], images)
    _report("RandAugment", ours, theirs, len(images), turns)
    _report(
        "TrivialAugment, against it", _pipeline([_policy()], images), theirs, len(images), turns
    )
    if keras.backend.backend() == "tensorflow":
        ours, theirs = _pipeline(_stack(), images), _pipeline(_stack(), images, in_tf_data=False)
        _report("stack, TensorFlow's warp", ours, theirs, len(images), turns)
        ours, theirs = (_pipeline(_stack()[:1], images, in_tf_data=x) for x in (True, False))
        _report("geometry, TensorFlow's warp", ours, theirs, len(images), turns)
    if dtype == "uint8" and keras.backend.backend() == "tensorflow":
        _against_albumentations(images, turns)


def _against_albumentations(images: np.ndarray, turns: int) -> None:
    try:
        peer = _albumentations()
    except ImportError:
        print("  albumentations is not installed: skipped")
        return
    ours = _pipeline(_stack(), images)
    _report(
        "stack, albumentations", ours, lambda: [peer(image=x) for x in images], len(images), turns
    )


def _report(name: str, ours, theirs, images: int, turns: int) -> None:
    """Prints images per second of both, and the medians of the ratios of their times."""
    ours, theirs = take_turns({"ours": ours, "theirs": theirs}, turns).values()
    wall, cpu = images / np.median([ours, theirs], axis=1).T * [[1], [CPUS]]
    ratios = np.median(theirs / ours, axis=0)
    print(
        f"  {name:<27} {wall[0]:8.0f} images/s, peer {wall[1]:7.0f}: {ratios[0]:5.1f}x; "
        f"by CPU time {cpu[0]:8.0f}, {cpu[1]:7.0f}: {ratios[1]:5.1f}x",
        flush=True,
    )


def _pipeline(layers, images: np.ndarray, in_tf_data: bool = True):
    """Returns a function that augments the images as `kerasrecipes.data.batches` does."""
    import keras

    from kerasrecipes.data.augment import Augmentation

    augmentation = Augmentation(layers)
    labels, words = np.zeros(len(images), "int32"), np.array([1, 2], "uint32")
    batch = keras.ops.convert_to_tensor(images)

    def run(images, labels, words):
        return augmentation(images, labels, words)[0]

    if keras.backend.backend() == "tensorflow":
        import tensorflow as tf

        if in_tf_data:
            dataset = tf.data.Dataset.from_tensors((batch, labels, words)).repeat().map(run)
            options = tf.data.Options()
            options.autotune.enabled = False  # It would work ahead of the clock.
            batches = dataset.with_options(options).as_numpy_iterator()
            return lambda: next(batches)
        run = tf.function(run)
    elif keras.backend.backend() == "jax":
        import jax

        run = jax.jit(run)
    return lambda: keras.ops.convert_to_numpy(run(batch, labels, words))


def _stack() -> list:
    from kerasrecipes.layers import RandomGeometry, RandomPhotometry

    geometry = RandomGeometry(
        horizontal_flip=0.5,
        scale=1.2,
        rotation_degrees=15,
        horizontal_translation_fraction=0.1,
        vertical_translation_fraction=0.1,
        fill_mode="reflect",
    )
    colours = {"brightness": 0.2, "contrast": 0.2, "saturation": 0.2, "hue_degrees": 18}
    return [geometry, RandomPhotometry(**colours)]


def _keras_stack() -> list:
    from keras import layers

    return [
        layers.RandomFlip("horizontal"),
        layers.RandomTranslation(0.1, 0.1),
        layers.RandomRotation(15 / 360),
        layers.RandomZoom(0.2),
        layers.RandomColorJitter((0, 255), 0.2, 0.2, 0.2, 0.05),
    ]


def _albumentations():
    import albumentations
    import cv2

    cv2.setNumThreads(1)
    return albumentations.Compose(
        [
            albumentations.HorizontalFlip(p=0.5),
            albumentations.Affine(
                scale=(0.8, 1.2), translate_percent=0.1, rotate=(-15, 15), border_mode=2, p=1
            ),
            albumentations.ColorJitter(0.2, 0.2, 0.2, 0.05, p=1),
        ],
        seed=0,
    )


def _policy(name: str = "trivialaugment"):
    from kerasrecipes.layers import PolicyAugment

    return PolicyAugment(name)


def _training(turns: int) -> None:
    """Times steps of ResNet-20 with the full stack and without augmentation, in turn."""
    from harness.inputs import random_images, recipe_of

    from kerasrecipes.data import training_batches
    from kerasrecipes.training import build_recipe

    dataset = random_images(20_000, (32, 32, 3), validation=1000)
    built = build_recipe(recipe_of("cifar10_resnet20"), dataset)

    def steps(augment: list):
        batches = training_batches(
            dataset.train,
            batch_size=128,
            seed=0,
            steps_per_epoch=157,
            epochs=range(50),
            augment=augment,
        )
        stream = iter(batches)
        return lambda: [built.model.train_on_batch(*next(stream)) for _ in range(10)]

    augmentations = {"without": [], "stack": _stack(), "policy": [_policy()]}
    times = take_turns({name: steps(layers) for name, layers in augmentations.items()}, turns)
    print(f"ResNet-20, batch 128, n = {turns} x 10 steps, load {os.getloadavg()[0]:.1f}")
    for name in ("stack", "policy"):
        for clock, label in ((WALL, "wall"), (CPU, "CPU")):
            bare = times["without"][:, clock]
            shares = times[name][:, clock] / bare - 1
            print(
                f"  {name:<7} {label:<4} {100 * statistics.median(bare):.0f} ms a step; with it "
                f"{statistics.median(shares):+.1%} ({min(shares):+.1%} to {max(shares):+.1%})"
            )


if __name__ == "__main__":
    main()
