"""Projected gradient descent with restarts, over batches of images."""

import numpy as np
from keras import ops

from kerasrecipes.base.keyed_seeds import KeyedSeedGenerator
from kerasrecipes.base.norm_ball import NormBall
from kerasrecipes.robustness.attacked_model import AttackedModel
from kerasrecipes.robustness.batches import filled_batches

# Of the ball's radius, what all steps together go: so that any point of it can be reached.
_PATH = 2.5


def attacked_images(
    attacked: AttackedModel,
    ball: NormBall,
    images: np.ndarray,
    labels: np.ndarray,
    *,
    steps: int,
    step_size: float | None = None,
    random_start: bool = True,
    restarts: int = 1,
    seed: int = 0,
    batch_size: int = 64,
) -> np.ndarray:
    """Returns the adversarial examples of `pgd`, by a model whose programs may be compiled already.

    Args:
        attacked: The model.
        ball: Where they may be.
        images: float32 array `(samples, height, width, channels)`, within the ball's value range.
        labels: Integer array `(samples,)`.
        steps: As in `pgd`.
        step_size: As in `pgd`.
        random_start: As in `pgd`.
        restarts: As in `pgd`.
        seed: As in `pgd`.
        batch_size: As in `pgd`.
    """
    size = _PATH * ball.epsilon / max(steps, 1) if step_size is None else step_size
    best, losses = images.copy(), np.full(len(images), -np.inf)
    todo = np.arange(len(images))
    for restart in range(restarts):
        done = np.zeros(len(todo), bool)
        for places, fill in filled_batches(len(todo), batch_size):
            some = todo[places]
            centers, given = fill(images[some]), fill(labels[some]).astype("int32")
            start = ops.convert_to_tensor(centers)
            if random_start:
                key = np.random.SeedSequence((seed, restart, places[0])).generate_state(2)
                start = ball.random_points(start, KeyedSeedGenerator(key))
            found = attacked.attack(start, centers, given, ball, steps, size)
            if restarts == 1:
                best[some] = found[: len(some)]
                continue
            reached, predicted = (of[: len(some)] for of in attacked.losses(found, given))
            done[places] = (predicted == labels[some]) == attacked.targeted
            better = done[places] | (reached > losses[some])
            best[some[better]] = found[: len(some)][better]
            losses[some[better]] = reached[better]
        todo = todo[~done]
        if not len(todo):
            break
    if steps:
        attacked.check_moved()
    return best
