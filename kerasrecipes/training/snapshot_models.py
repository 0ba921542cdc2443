"""Models of a run's snapshots: written when it ends, with their predictions."""

from collections.abc import Mapping, Sequence
from pathlib import Path

import keras
import numpy as np
from scipy.special import softmax

from kerasrecipes.callbacks.model_state import assign, state_variables, to_arrays
from kerasrecipes.data.predicting import predict_split
from kerasrecipes.training.batch_statistics import fresh_statistics, statistics_refresh
from kerasrecipes.training.building.build import BuiltRecipe
from kerasrecipes.training.files.run_snapshots import ARRAYS, model_file
from kerasrecipes.training.files.writing import save_model, write_arrays


def write_snapshots(
    folder: Path,
    built: BuiltRecipe,
    snapshots: Mapping[int, Sequence[np.ndarray]],
    cached: BuiltRecipe | None = None,
) -> None:
    """Writes a model for each snapshot, and the probabilities of all on validation and test.

    Batch normalization gets the statistics that validation gave it during the run: new ones if the
    run is short. Those that are not finite, because the training diverged, are left out.

    Args:
        folder: The run folder.
        built: The built recipe. Its model is changed and changed back.
        snapshots: Weights by step, of the model that was trained.
        cached: As in `finish_run`; if given, the weights are those of its model.
    """
    finite = {step: arrays for step, arrays in snapshots.items() if _all_finite(arrays)}
    if not finite:
        return
    trained = cached or built
    variables = state_variables(trained.model)
    refreshes = fresh_statistics(trained, statistics_refresh(trained))
    plain = keras.Model(trained.model.inputs[0], trained.model.outputs[0])
    splits = {n: s for n, s in trained.dataset.splits.items() if n in ("validation", "test")}
    found: dict[str, list[np.ndarray]] = {name: [] for name in splits}
    before = to_arrays(variables)
    try:
        for step, arrays in finite.items():
            assign(variables, arrays)
            for callback in refreshes:
                callback.refresh(trained.model)
            # The layers of a cached build are those of the whole model.
            save_model(built.model, folder / model_file(step))
            for name, split in splits.items():
                logits = predict_split(plain, split, trained.batch_size).astype("float32")
                found[name].append(softmax(logits, axis=-1))
    finally:
        assign(variables, before)
    probabilities = {f"{name}_probabilities": np.stack(each) for name, each in found.items()}
    write_arrays(folder / ARRAYS, {"steps": np.array(list(finite)), **probabilities})


def _all_finite(arrays: Sequence[np.ndarray]) -> bool:
    return all(np.isfinite(array.astype("float32")).all() for array in arrays)
