"""Losses of one network in `fit` and in the loop that is written by hand."""

import sys
from pathlib import Path

BENCHMARKS = Path(__file__).parents[2] / "benchmarks"


def losses_of_both(epochs: int = 3) -> tuple[list[float], list[float]]:
    """Returns the mean loss of each epoch, by hand and by `fit`."""
    sys.path.insert(0, str(BENCHMARKS))
    import keras
    import numpy as np
    from steps.bare_loop import bare_steps

    rng = np.random.default_rng(0)
    images = rng.normal(size=(24, 8, 8, 3)).astype("float32")
    labels = rng.integers(0, 4, 24).astype("int32")
    batches = [(images[start : start + 8], labels[start : start + 8]) for start in (0, 8, 16)]

    def compiled():
        from kerasrecipes.models import ResNetCIFAR

        keras.utils.set_random_seed(0)
        model = ResNetCIFAR((8, 8, 3), 4, depth=8, filters=4, kernel_regularizer="l2")
        loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
        model.compile(keras.optimizers.SGD(0.05, momentum=0.9), loss)
        return model

    steps, model = bare_steps(compiled()), compiled()
    # Neither of these moves what `train` trains.
    steps.forward(batches[:1])
    steps.gradients(batches[:1])
    by_hand = [steps.train(batches)[0] for _ in range(epochs)]
    history = model.fit(images, labels, batch_size=8, epochs=epochs, shuffle=False, verbose=0)
    return by_hand, history.history["loss"]
