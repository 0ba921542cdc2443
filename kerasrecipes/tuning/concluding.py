"""Conclusion of a search: its finalists, its best recipe and its result."""

from collections.abc import Mapping
from pathlib import Path

from kerasrecipes.base.files import write_json
from kerasrecipes.base.set_options import set_line
from kerasrecipes.engine.interface import Engine
from kerasrecipes.recipe.recipe import Recipe
from kerasrecipes.recipe.spec import Spec, to_plain
from kerasrecipes.runs.sweep_table import Sweep
from kerasrecipes.runs.sweeping import sweep
from kerasrecipes.training.building.monitors import MonitorError, check_held_out
from kerasrecipes.training.training import train
from kerasrecipes.tuning.keras_tuner.recipe_tuner import RecipeTuner
from kerasrecipes.tuning.keras_tuner.trial_values import EPOCHS
from kerasrecipes.tuning.planning.time_plan import fitting_finals
from kerasrecipes.tuning.search_folder import Search

# What the names of metrics end with whose values lie in [0, 1].
SHARES = (
    "accuracy", "precision", "recall", "specificity", "sensitivity", "auc", "f1_score",
    "fbeta_score",
)  # fmt: skip


def conclude(
    folder: Path,
    tuner: RecipeTuner,
    monitored: Mapping[str, object],
    finalists: int,
    final_seeds: int,
    engine: Engine | None = None,
) -> None:
    """Trains the best trials with further seeds, and writes best_recipe.json and result.json.

    An earlier result of the search never gives way to one of fewer trainings. With a clock, as many
    finalists and seeds are trained as fit into the time that is left.

    Args:
        folder: The folder of the search.
        tuner: The tuner, which has run all trials.
        monitored: The changes with which the recipe monitors the objective.
        finalists: How many of the best trials are trained with further seeds.
        final_seeds: How many seeds each of them is trained with.
        engine: Where they are trained; see `search`.
    """
    earlier, oracle = Search(folder).result, tuner.chief_oracle
    stopped_by = oracle.stopped_by
    (first,) = oracle.get_best_trials(1)
    # Where a search stopped before its longest trials, nothing is known of that length.
    epochs = first.hyperparameters.values[EPOCHS] if stopped_by else tuner.longest_epochs
    finalists, final_seeds = _in_time(tuner, epochs, finalists, final_seeds)
    final_seeds = max(final_seeds if finalists else 0, earlier.get("final_seeds", 0))
    finalists = max(finalists, earlier.get("finalists", 0))
    best = oracle.get_best_trials(max(1, finalists))
    values = [trial.hyperparameters.values for trial in best]
    shared = {"epochs": epochs, **monitored}
    changes = [tuner.space.changes(each) | shared for each in values]
    labelled = {trial.trial_id: change for trial, change in zip(best, changes, strict=True)}
    chosen, score = best[0].trial_id, {"mean": best[0].score, "n": 1}
    if finalists:
        result = _finals(folder, tuner, labelled, final_seeds, engine)
        metric = _metric(tuner)
        sign = -1 if tuner.oracle.objective.direction == "min" else 1
        top = max(result.summary(metric), key=lambda row: sign * row["mean"])
        chosen, score = top["label"], {key: top[key] for key in ("mean", "low", "high", "n")}
        if is_share(metric) and score["low"] is not None:
            # The t-interval of a few scores may reach beyond the scores that are possible.
            score |= {"low": max(0.0, score["low"]), "high": min(1.0, score["high"])}
    if oracle.clock is not None:
        oracle.save()  # The finalists took time too.
    best_changes = labelled[chosen]
    write_json(folder / "best_recipe.json", tuner.space.recipe.replace(best_changes).to_dict())
    plain = {path: to_plain(value) for path, value in best_changes.items()}
    write_json(
        folder / "result.json",
        {
            "rungs": Search(folder).settings["rungs"],
            "trial": chosen,
            "changes": plain,
            "set_line": set_line(plain),
            "score": score,
            "finalists": len(best) if finalists else 0,
            "final_seeds": final_seeds,
            "test": earlier["test"] if earlier.get("changes") == plain else None,
            "epochs_trained": sum(trial.charged_epochs for trial in oracle.observations()),
            "at_bounds": tuner.at_bounds,
            **({"stopped_by": stopped_by} if stopped_by else {}),
        },
    )


def is_share(metric: str) -> bool:
    """Returns whether the values of a metric lie in [0, 1], as an accuracy does.

    Example:

    >>> is_share("validation_accuracy"), is_share("val_f1_score"), is_share("val_r2_score")
    (True, True, False)
    """
    return metric.lower().endswith(SHARES)


def _in_time(tuner: RecipeTuner, epochs: int, finalists: int, seeds: int) -> tuple[int, int]:
    """Returns how many finalists, and how many seeds of each, fit into the time that is left."""
    oracle = tuner.chief_oracle
    if oracle.clock is None or not finalists:
        return finalists, seeds
    observations = oracle.observations()
    number = next(n for n, rung in enumerate(oracle.rungs) if rung.epochs == epochs)
    pace = oracle.time_plan(oracle.clock).seconds_per_epoch(observations, number)
    if not pace:
        return finalists, seeds
    return fitting_finals(finalists, seeds, int(max(0.0, oracle.clock.left) / (pace * epochs)))


def _finals(
    folder: Path,
    tuner: RecipeTuner,
    labelled: Mapping[str, Mapping],
    seeds: int,
    engine: Engine | None,
) -> Sweep:
    """Trains the finalists, and tells which of them begins and how the one before went."""
    recipe, table = tuner.space.recipe, folder / "finalists.csv"
    names = {recipe.replace(change).fingerprint: label for label, change in labelled.items()}
    told = {(row["label"], row["seed"]) for row in Search(folder).finalists}
    metric = _metric(tuner)

    def tell_ended() -> None:
        for row in Search(folder).finalists:
            if (key := (row["label"], row["seed"])) not in told:
                told.add(key)
                ended = {"trial": row["label"], "seed": row["seed"], "score": row[metric]}
                tuner.on_event("finalist_end", ended)

    def on_start(started: Recipe, _: Path) -> None:
        tell_ended()
        name = names.get(started.replace({"seed": recipe.seed}).fingerprint)
        tuner.on_event("finalist", {"trial": name, "seed": started.seed})

    result = sweep(
        recipe,
        labelled,
        range(recipe.seed + 1, recipe.seed + 1 + seeds),
        directory=folder / "runs",
        name="finalist",
        table=table,
        verbose=0,
        on_start=on_start,
        engine=engine,
    )
    tell_ended()
    return result


def _metric(tuner: RecipeTuner) -> str:
    """Returns the name of the objective in a table of runs."""
    return tuner.oracle.objective.name.replace("val_", "validation_", 1)


def check_retrains(recipe: Recipe) -> None:
    """Raises a `MonitorError` if validation images choose more in a recipe than its epoch."""
    try:
        check_held_out(recipe.replace({"monitor": None}))
    except MonitorError as error:
        error.add_note("`retrain` trains the best recipe on all folds: search without it.")
        raise


def retrain_best(folder: Path) -> None:
    """Trains the best recipe on training and validation images, and records its test score."""
    found = Search(folder)
    data = Spec("CrossValidation", {"data": found.best_recipe.data, "fold": None})
    run = train(
        # Without validation images no epoch can be chosen by its score.
        found.best_recipe.replace({"data": data, "monitor": None}),
        directory=folder / "runs",
        name="retrained",
        verbose=0,
    )
    test = {"run": run.name, **(run.metrics["test"] or {})}
    write_json(folder / "result.json", {**found.result, "test": test})
