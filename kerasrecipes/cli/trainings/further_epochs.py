"""Further epochs of a finished run, as another run that goes on from its end."""

import argparse
import contextlib
import dataclasses
from collections.abc import Iterator
from pathlib import Path

from kerasrecipes.base.checks import check_integer, check_number
from kerasrecipes.cli.command import Request

RESTART, CONSTANT = "restart", "constant"


def add_further_epochs(parser: argparse.ArgumentParser) -> None:
    """Adds `--further-epochs` and `--schedule`."""
    parser.add_argument(
        "--further-epochs",
        type=int,
        metavar="N",
        help="go on from the end of the finished run, with its weights and its optimizer's state, "
        "as another run",
    )
    parser.add_argument(
        "--schedule",
        metavar="HOW",
        help="of --further-epochs: `restart` runs the learning rate's schedule anew (default), "
        "`constant` keeps the last rate, and a number is a rate of its own",
    )


def with_further_epochs(asked: Request) -> Request:
    """Returns the request for the run that `--further-epochs` asks for, and says what it is.

    Raises:
        ValueError: If the recipe has no finished run to go on from, or options contradict.
    """
    from kerasrecipes.training.resuming.going_on import final_epochs

    arguments = asked.arguments
    if arguments.further_epochs is None:
        if arguments.schedule is not None:
            raise ValueError("`--schedule` is for `--further-epochs`: give both.")
        return asked
    check_integer("--further-epochs", arguments.further_epochs, at_least=1)
    for option in ("epochs", "seeds", "heal"):
        if getattr(arguments, option) is not None:
            raise ValueError(f"Give `--further-epochs` or `--{option}`, not both.")
    run = asked.run
    if run is None or not run.finished:
        state = "no run" if run is None else "a run that is not finished"
        raise ValueError(
            f"`--further-epochs` goes on from a finished run, and this recipe has {state}: train "
            f"it first. Expected in {asked.directory}: {asked.name}-{asked.recipe.fingerprint}-..."
        )
    done = final_epochs(run)
    changes, said = _optimizer(run, done, arguments.schedule)
    beside = run.folder.resolve().parent == Path(asked.directory).resolve()
    recipe = run.recipe.replace(
        {
            **changes,
            "epochs": done + arguments.further_epochs,
            "start": run.recipe if beside else str(run.folder),
            "resume_start": True,
        }
    )
    more = arguments.further_epochs
    print(
        f"{run.folder}: {more} more epoch{'s' if more > 1 else ''} after its {done}, with its last "
        f"weights and its optimizer's state; {said}",
        flush=True,
    )
    return dataclasses.replace(asked, recipe=recipe, given=None)


def notes_on_epochs(asked: Request) -> Iterator[str]:
    """Yields what there is already of a recipe that `--epochs` asks to train for another time.

    Args:
        asked: A request whose run is not there yet.
    """
    from kerasrecipes.page.formats import duration
    from kerasrecipes.training import find_runs

    if asked.arguments.epochs is None:
        return
    for run in find_runs(asked.directory):
        # What cannot be read is no run of this recipe.
        with contextlib.suppress(TypeError, ValueError):
            same = run.finished and run.recipe.replace({"epochs": asked.recipe.epochs})
            if not same or same.fingerprint != asked.recipe.fingerprint:
                continue
            done, more = len(run.readable_history), asked.recipe.epochs - run.recipe.epochs
            seconds = run.environment.get("wall_seconds")
            cost = seconds and done and duration(seconds / done * asked.recipe.epochs)
            yield (
                f"{run.folder} is a run of {done} epochs. This is another run, which begins anew"
                + (f" and takes about {cost}" if cost else "")
                + (
                    f"; `kerasrecipes train {run.folder} --further-epochs {more}` goes on from its "
                    "end instead"
                    if more > 0
                    else ""
                )
            )


def _optimizer(run, done: int, schedule: str | None) -> tuple[dict[str, object], str]:
    """Returns the changes of the optimizer by path, and what they are in words."""
    plain = run.recipe.optimizer.to_dict()
    rate = _rate(schedule)
    paths = dict(_schedules(plain, "optimizer"))
    where, value = _learning_rate(plain, "optimizer")
    if rate is None and schedule == CONSTANT:
        rate = _last_rate(run) if isinstance(value, dict) else None
    if rate is None and not paths:
        return {}, "its learning rate goes on"
    changes: dict[str, object] = {}
    for path, old in paths.items():
        if path == where and rate is not None:
            continue
        changes[path] = _chain(old, _last_part(old), done)
    if rate is not None:
        changes[where] = _chain(value, rate, done) if isinstance(value, dict) else rate
    said = f"learning rate {rate:g}" if rate is not None else "its schedule begins anew"
    return changes, said


def _rate(schedule: str | None) -> float | None:
    """Returns the learning rate that `--schedule` gives as a number."""
    if schedule in (None, RESTART, CONSTANT):
        return None
    try:
        rate = float(schedule or "")
    except ValueError:
        raise ValueError(
            f"`--schedule` must be {RESTART}, {CONSTANT} or a learning rate. Received: {schedule}"
        ) from None
    check_number("--schedule", rate, above=0)
    return rate


def _last_rate(run) -> float:
    rate = run.history[-1].get("learning_rate") if run.history else None
    if not rate:
        raise ValueError(
            "The run ended with a learning rate of 0, with which nothing is learnt: give one, such "
            f"as `--schedule 0.001`, or `--schedule {RESTART}`. Received: --schedule {CONSTANT}"
        )
    return rate


def _schedules(plain: dict, path: str) -> Iterator[tuple[str, dict]]:
    """Yields the schedules of an optimizer, and of optimizers in it, by path."""
    from kerasrecipes.recipe.registry import family_of

    for option, value in plain.items():
        if isinstance(value, dict) and "use" in value:
            if family_of(option) == "schedule":
                yield f"{path}.{option}", value
            else:
                yield from _schedules(value, f"{path}.{option}")


def _learning_rate(plain: dict, path: str) -> tuple[str, object]:
    """Returns path and value of the learning rate: that of the innermost optimizer."""
    inner = plain.get("optimizer")
    if isinstance(inner, dict) and "learning_rate" not in plain:
        return _learning_rate(inner, f"{path}.optimizer")
    return f"{path}.learning_rate", plain.get("learning_rate")


def _chain(old: dict, then: object, done: int) -> dict:
    """Returns a schedule that is another one for the epochs that are done, and then a new one."""
    if old["use"] == "Chain" and "boundaries_epochs" in old:
        schedules, boundaries = [*old["schedules"], then], [*old["boundaries_epochs"], done]
    else:
        schedules, boundaries = [old, then], [done]
    return {"use": "Chain", "schedules": schedules, "boundaries_epochs": boundaries}


def _last_part(old: dict) -> object:
    """Returns the last of schedules that follow one another, which is what is to begin anew."""
    parts = old["use"] == "Chain" and "boundaries_epochs" in old and old["schedules"]
    return parts[-1] if parts else old
