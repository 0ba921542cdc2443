"""Model soups: averages of the weights of runs that were fine-tuned from the same start."""

from collections.abc import Iterable, Sequence

import keras
import numpy as np

from kerasrecipes.base.checks import check_choice
from kerasrecipes.callbacks.model_state import assign, state_variables, to_arrays
from kerasrecipes.data.batches import evaluation_batches
from kerasrecipes.data.split import Split
from kerasrecipes.ensembles.members import check_members, check_same_images
from kerasrecipes.metrics.calibration.proper_scores import log_loss
from kerasrecipes.recipe.spec import canonical
from kerasrecipes.runs.exports.exported_predictions import probabilities_of
from kerasrecipes.training.run import Run

# The number of images that a candidate is scored on at once.
BATCH_SIZE = 256


def soup(runs: Iterable[Run], select: str = "uniform") -> keras.Model:
    """Returns a model whose weights are the mean of those of several fine-tuned runs.

    It costs no more than one of them, where an ensemble costs all. The runs must have begun with
    the same weights: the mean of unrelated networks computes nothing of use. Moving statistics of
    batch normalization are averaged like weights; `recalibrate_batch_norm` collects new ones.

    Args:
        runs: Finished runs with the same `start`, or of `Pretrained` on the same backbone, whose
            models have the same layers.
        select: `"uniform"` for the mean of all runs; `"greedy"` to go through them from the lowest
            log loss on validation to the highest, and keep those with which the mean's falls.

    Returns:
        A `keras.Model` from raw pixels to logits, which is not compiled.

    Raises:
        ValueError: If there are no runs, one is not finished, they do not share their start, their
            layers differ, or, for `"greedy"`, they are of other data.

    Example:

    ```python
    tuned = [kerasrecipes.train(recipe.replace({"start": base, "seed": s})) for s in range(4)]
    soup(tuned, select="greedy").save("soup.keras")
    ```

    Reference:
        Wortsman et al., 2022, https://arxiv.org/abs/2203.05482, recipe 1. Differs from it in: log
        loss, not accuracy, which ties too often on small validation splits.
    """
    check_choice("select", select, ("uniform", "greedy"))
    members = list(runs)
    check_members(members)
    _check_same_start(members)
    models = [run.load_model(compile=False) for run in members]
    _check_same_layers(members, models)
    weights = [to_arrays(state_variables(model)) for model in models]
    model = models[0]
    if select == "greedy":
        check_same_images(members)
        weights = _selected(members, model, weights)
    assign(state_variables(model), _mean(weights))
    return model


def _selected(
    members: Sequence[Run], model: keras.Model, weights: Sequence[list[np.ndarray]]
) -> list[list[np.ndarray]]:
    """Returns the weights of the runs that lower the log loss on validation, one after another."""
    dataset = members[0].load_dataset()

    def loss(candidates: Sequence[list[np.ndarray]]) -> float:
        assign(state_variables(model), _mean(candidates))
        return _log_loss(model, dataset.validation)

    alone = [loss([one]) for one in weights]
    first, *others = np.argsort(alone, kind="stable")
    chosen, lowest = [weights[first]], alone[first]
    for place in others:
        found = loss([*chosen, weights[place]])
        if found <= lowest:
            chosen, lowest = [*chosen, weights[place]], found
    return chosen


def _log_loss(model: keras.Model, split: Split) -> float:
    outputs = model.predict(evaluation_batches(split, BATCH_SIZE), verbose=0)
    # A loaded model may return a list of one output.
    (logits,) = keras.tree.flatten(outputs)
    return log_loss(split.labels, probabilities_of(logits.astype("float32")))


def _mean(weights: Sequence[list[np.ndarray]]) -> list[np.ndarray]:
    """Returns the mean of each variable; of integers, such as seeds, the first."""
    return [
        values[0]
        if np.issubdtype(values[0].dtype, np.integer)
        else np.mean([value.astype("float64") for value in values], axis=0).astype(values[0].dtype)
        for values in zip(*weights, strict=True)
    ]


def _check_same_start(members: Sequence[Run]) -> None:
    starts = [_start(run) for run in members]
    for run, start in zip(members, starts, strict=True):
        if start is None or start != starts[0]:
            raise ValueError(
                "The runs of a soup must have begun with the same trained weights: give their "
                "recipes the same `start`, or `Pretrained` on the same backbone. For others, "
                f"`average` their probabilities. Received: {members[0].folder} and {run.folder}"
            )


def _start(run: Run) -> object:
    """Returns what a run's weights began with; `None` if they were random."""
    recipe = run.recipe
    start = recipe.start_recipe()
    if start is not None:
        return start.fingerprint
    options = recipe.model.options
    if recipe.model.name != "Pretrained" or options.get("weights", "pretrained") is None:
        return None
    names = ("backbone", "backbone_options", "weights", "stage")
    return {name: canonical(options.get(name)) for name in names}


def _check_same_layers(members: Sequence[Run], models: Sequence[keras.Model]) -> None:
    expected = [tuple(v.shape) for v in state_variables(models[0])]
    for run, model in zip(members, models, strict=True):
        found = [tuple(v.shape) for v in state_variables(model)]
        if found != expected:
            raise ValueError(
                "The models of a soup must have the same layers. Received: "
                f"{members[0].folder} with {len(expected)} variables, and {run.folder} with "
                f"{len(found)}, or with others"
            )
