"""Averages of one run's weights: their table, and a model of any horizon."""

from collections.abc import Sequence
from dataclasses import replace

import keras
import numpy as np

from kerasrecipes.training.averaging.choosing import ScoredAverage, compared_with
from kerasrecipes.training.averaging.run_averages import average_table, scored_horizons
from kerasrecipes.training.averaging.stored_weights import Weights
from kerasrecipes.training.run import Run


def averages(run: Run, relative_widths: Sequence[float] = ()) -> list[ScoredAverage]:
    """Returns the averages of a run's weights, with their scores on its validation images.

    The run's recipe has `averaging=use("EveryAverage")`: the first rows are those among which it
    chose its model at its end. Averages of other widths are computed from what it has stored.

    Args:
        run: A finished run that kept its averages.
        relative_widths: Floats in `(0, 0.288]`: further widths. See `PowerAverage`.

    Returns:
        A `ScoredAverage` for each: `name`, `statistics`, `log_loss`, `accuracy`, `less_accurate`,
        whether it is significantly less accurate than the best epoch, in a paired sign test at 5%,
        and `passes`, how many passes of the network it takes: more than one if it is an ensemble.

    Raises:
        ValueError: If the run kept no averages, or its data have changed.

    Example:

    ```python
    run = kerasrecipes.train(recipe.replace({"averaging": "EveryAverage"}))
    min(averages(run), key=lambda row: row.log_loss).name
    ```
    """
    table = average_table(run.folder)
    if table is None and run.diverged:
        raise ValueError(f"A run that diverged compares no averages. {run.diverged}")
    if table is None:
        raise ValueError(
            "The run kept no averages. Train it with `averaging=use('EveryAverage')`: "
            f"`kerasrecipes train {run.folder} --set averaging=EveryAverage`, which is another "
            f"run. Received: {run.folder}"
        )
    rows = [ScoredAverage(**row) for row in table["candidates"]]
    if relative_widths:
        right = ~np.isin(np.arange(table["n"]), table["mistakes_of_first"])
        further = (scored for scored, _ in scored_horizons(run, relative_widths))
        rows += [replace(compared_with(right, row), weights=Weights()) for row in further]
    return rows


def averaged_model(run: Run, relative_width: float) -> keras.Model:
    """Returns a run's model with the average of its weights over a horizon of any width.

    Args:
        run: A finished run that kept its averages.
        relative_width: Float in `(0, 0.288]`. The width, as a part of the training.

    Returns:
        A `keras.Model` from raw pixels to logits, which is not compiled. Its batch normalization
        has new statistics, or those of the last epoch, whichever validation prefers.

    Raises:
        ValueError: As `averages`.

    Example:

    ```python
    averaged_model(run, 0.07).save("averaged.keras")
    ```

    Reference:
        Karras et al., 2023, https://arxiv.org/abs/2312.02696, section 3.2
    """
    averages(run)
    ((_, model),) = scored_horizons(run, [relative_width])
    return model
