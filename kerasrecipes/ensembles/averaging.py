"""Average of the models of several runs."""

from collections.abc import Iterable, Sequence

import keras

from kerasrecipes.ensembles.members import check_members, weights_of
from kerasrecipes.models.surgery.probability_averaging import averaged_probabilities
from kerasrecipes.training.run import Run


def average(runs: Iterable[Run], weights: str | Sequence[float] = "uniform") -> keras.Model:
    """Returns one model whose probabilities are the mean of those of several runs' models.

    It takes raw pixels and returns logits, as a run's own model does; its file holds all that it
    needs. A frozen backbone that members share is in it once and computed once.

    Args:
        runs: Finished runs, of the same classes, image size and value range: several seeds of a
            recipe, or several recipes.
        weights: `"uniform"`; `"fitted"`, by `fitted_weights` on validation; `"greedy"`, by
            `greedy_weights` on validation; or numbers, one for each run. Members with the weight
            0 are left out.

    Returns:
        A functional `keras.Model`, which is not compiled.

    Raises:
        ValueError: If there are no runs, one is not finished, or they do not fit together; or
            weights are to be chosen and the runs were not validated on the same images.

    Example:

    ```python
    runs = kerasrecipes.training.find_runs("saved_models")
    model = average(runs, weights="greedy")
    model.save("ensemble.keras")
    ```

    Reference:
        Hansen and Salamon, 1990, https://doi.org/10.1109/34.58871
    """
    members = list(runs)
    check_members(members)
    shares = weights_of(members, weights)
    kept = [(run, share) for run, share in zip(members, shares, strict=True) if share > 0]
    return averaged_probabilities(
        (run.load_model(compile=False) for run, _ in kept), [share for _, share in kept]
    )
