"""Signs of masked gradients: attacks that find less than weaker ones do."""

from collections.abc import Mapping, Sequence

import numpy as np
from scipy.stats import binomtest

from kerasrecipes.base.intervals import wilson_interval

# Of each comparison: a dozen of them then raise a false alarm about once in a hundred models.
_P_VALUE = 0.001

_REMEDY = (
    "The gradient may be masked, and the model weaker than these scores: look for a rounding, a "
    "random layer or a saturated activation, and trust no score from this model's own gradient."
)


def masked_gradients(
    epsilons: Sequence[float],
    correct: Mapping[str, np.ndarray],
    unbounded: np.ndarray,
    labels: np.ndarray,
) -> list[str]:
    """Returns a sentence for each sign that a gradient does not lead to adversarial examples.

    Two attacks are compared on the images that only one of them changed (McNemar's exact test, one-
    sided, p < 0.001).

    Args:
        epsilons: The largest changes, in ascending order.
        correct: Boolean arrays `(epsilons, images)` by attack; see `AdversarialScores`.
        unbounded: Boolean array `(images,)` of an attack within half of the pixels' range.
        labels: Integer array `(images,)`.

    Returns:
        The sentences, and what follows from them as last one. Empty if there is no sign.

    Reference:
        Athalye et al., 2018, https://arxiv.org/abs/1802.00420, section 3.1; Carlini et al., 2019,
        https://arxiv.org/abs/1902.06705, section 5.
    """
    strong, found = correct["PGD-50"], []
    weaker = {
        "noise": "a random change",
        "FGSM": "one step of the gradient",
        "PGD-10": "10 steps",
        "transfer": "an attack on another model",
    }
    for name, told in weaker.items():
        for epsilon, left, by_weaker in zip(epsilons, strong, correct.get(name, ()), strict=False):
            if _is_fewer(by_weaker, left):
                found.append(
                    f"At epsilon {epsilon:g}, {told} changes more predictions than 50 steps do: "
                    f"{_share(by_weaker)} of the images are still right, against {_share(left)}."
                )
                break
    for narrow, wide, less, more in zip(epsilons, epsilons[1:], strong, strong[1:], strict=False):
        if _is_fewer(less, more):
            found.append(
                f"A larger epsilon changes fewer predictions: {_share(more)} of the images are "
                f"still right at {wide:g}, against {_share(less)} at {narrow:g}."
            )
            break
    largest = np.bincount(labels).max() / len(labels)
    if wilson_interval(int(unbounded.sum()), len(unbounded))[0] > largest:
        found.append(
            f"Within half of the pixels' range, in which every image can be made the same grey, "
            f"{_share(unbounded)} of the images are still right, and no more than "
            f"{100 * largest:.1f}% can be."
        )
    return [*found, _REMEDY] if found else []


def _is_fewer(first: np.ndarray, second: np.ndarray) -> bool:
    """Returns whether fewer images are right in the first array than in the second, by far."""
    only_second, only_first = int((second & ~first).sum()), int((first & ~second).sum())
    if not only_second:
        return False
    test = binomtest(only_second, only_second + only_first, alternative="greater")
    return bool(test.pvalue < _P_VALUE)


def _share(correct: np.ndarray) -> str:
    return f"{100 * correct.mean():.1f}%"
