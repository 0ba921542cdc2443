"""Average of the snapshots of one training."""

from collections.abc import Sequence

import keras
import numpy as np

from kerasrecipes.base.checks import check_integer
from kerasrecipes.callbacks.model_state import assign, state_variables
from kerasrecipes.models.surgery.probability_averaging import averaged_probabilities


def average_snapshots(
    model: keras.Model,
    snapshots: Sequence[Sequence[np.ndarray]],
    last: int | None = None,
) -> keras.Model:
    """Returns a model whose probabilities are the mean of those of a training's snapshots.

    Args:
        model: The trained model, from images to logits. It is not changed.
        snapshots: Weights at several times of the training: `Snapshots.snapshots`.
        last: Positive integer: only the last so many count. Defaults to `None`: all.

    Returns:
        A functional `keras.Model`, which is not compiled. Its size and its cost are those of the
        model, times the number of snapshots.

    Raises:
        ValueError: If there are no snapshots, fewer than `last`, or they are of another model.

    Example:

    ```python
    snapshots = Snapshots()
    run = kerasrecipes.train(recipe, callbacks=[snapshots])
    average_snapshots(run.load_model(), snapshots.snapshots, last=3).save("snapshots.keras")
    ```

    Reference:
        Huang et al., 2017, https://arxiv.org/abs/1704.00109
    """
    if last is not None:
        check_integer("last", last, at_least=1)
    count = len(snapshots)
    if not count or count < (last or 1):
        raise ValueError(
            f"There must be at least {last or 1} snapshots to average. Received: {count}"
        )
    expected = [tuple(v.shape) for v in state_variables(model)]
    members = []
    for arrays in snapshots[-last if last else 0 :]:
        if [array.shape for array in arrays] != expected:
            raise ValueError(
                "The snapshots must be of this model: its variables have other shapes. Received: "
                f"{len(arrays)} arrays for {len(expected)} variables of {model.name!r}"
            )
        member = keras.models.clone_model(model)
        assign(state_variables(member), arrays)
        members.append(member)
    return averaged_probabilities(members)
