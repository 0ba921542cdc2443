"""Conclusion of a search: its finalists, its best recipe and its result."""

from collections.abc import Mapping
from pathlib import Path

from kerasrecipes.base.files import write_json
from kerasrecipes.base.set_options import set_line
from kerasrecipes.engine.interface import Engine
from kerasrecipes.recipe.spec import Spec, to_plain
from kerasrecipes.runs.sweeping import sweep
from kerasrecipes.training.training import train
from kerasrecipes.tuning.keras_tuner.recipe_tuner import RecipeTuner
from kerasrecipes.tuning.search_folder import Search


def conclude(
    folder: Path,
    tuner: RecipeTuner,
    monitored: Mapping[str, object],
    finalists: int,
    final_seeds: int,
    engine: Engine | None = None,
) -> None:
    """Trains the best trials with further seeds, and writes best_recipe.json and result.json.

    An earlier result of the search never gives way to one of fewer trainings.

    Args:
        folder: The folder of the search.
        tuner: The tuner, which has run all trials.
        monitored: The changes with which the recipe monitors the objective.
        finalists: How many of the best trials are trained with further seeds.
        final_seeds: How many seeds each of them is trained with.
        engine: Where they are trained; see `search`.
    """
    earlier = Search(folder).result
    final_seeds = max(final_seeds if finalists else 0, earlier.get("final_seeds", 0))
    finalists = max(finalists, earlier.get("finalists", 0))
    best = tuner.chief_oracle.get_best_trials(max(1, finalists))
    values = [trial.hyperparameters.values for trial in best]
    shared = {"epochs": tuner.longest_epochs, **monitored}
    changes = [tuner.space.changes(each) | shared for each in values]
    labelled = {trial.trial_id: change for trial, change in zip(best, changes, strict=True)}
    chosen, score = best[0].trial_id, {"mean": best[0].score, "n": 1}
    if finalists:
        recipe = tuner.space.recipe
        result = sweep(
            recipe,
            labelled,
            range(recipe.seed + 1, recipe.seed + 1 + final_seeds),
            directory=folder / "runs",
            name="finalist",
            table=folder / "finalists.csv",
            verbose=0,
            on_start=lambda recipe, _: tuner.on_event("finalist", {"seed": recipe.seed}),
            engine=engine,
        )
        metric = tuner.oracle.objective.name.replace("val_", "validation_", 1)
        sign = -1 if tuner.oracle.objective.direction == "min" else 1
        rows = result.summary(metric)
        top = max(rows, key=lambda row: sign * row["mean"])
        chosen, score = top["label"], {key: top[key] for key in ("mean", "low", "high", "n")}
        if metric.endswith("accuracy") and score["low"] is not None:
            # The t-interval of a few scores may reach beyond the accuracies that are possible.
            score |= {"low": max(0.0, score["low"]), "high": min(1.0, score["high"])}
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
            "epochs_trained": sum(trial.cost_epochs for trial in tuner.chief_oracle.observations()),
            "at_bounds": tuner.at_bounds,
        },
    )


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
