"""Trials of a search that run on an engine, several at a time."""

import json
import time
from collections import deque
from concurrent.futures import Future, wait
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from keras_tuner.engine.trial import TrialStatus

from kerasrecipes.base.files import write_json
from kerasrecipes.engine.interface import Engine, opened
from kerasrecipes.runs.trainings.one_training import Training
from kerasrecipes.runs.trainings.progress import last_epoch
from kerasrecipes.tuning.keras_tuner.trial_runs import folder_of_trial
from kerasrecipes.tuning.keras_tuner.trial_values import INITIAL_EPOCH, RUNG

if TYPE_CHECKING:
    from kerasrecipes.tuning.keras_tuner.recipe_tuner import RecipeTuner

POLL_SECONDS = 0.5
# The file in a trial's folder that tells how many trials had ended when it was chosen.
KNOWN = "known.json"


class _Ahead(NamedTuple):
    trial: Any
    future: Future
    run: Path | None
    fingerprint: str


def run_ahead(tuner: "RecipeTuner", engine: Engine) -> None:
    """Runs the trials of a tuner on an engine.

    Trials end, for the search, in the order in which they began, and half as many as run wait in
    line. So each is chosen, and stopped early, by the same others however long each takes: the same
    number of workers always makes the same table.

    Args:
        tuner: The tuner, whose oracle is here.
        engine: The engine.
    """
    pending: deque[_Ahead] = deque()
    tuner.chief_oracle.workers = engine.workers
    tuner.on_search_begin()
    with opened(engine):
        try:
            while True:
                while len(pending) < _room(tuner, engine) and (trial := _next(tuner)) is not None:
                    _begin(tuner, engine, trial, pending)
                if not pending:
                    break
                _take_in(tuner, pending)
        except BaseException:
            engine.stop()
            raise
    tuner.on_search_end()


def _room(tuner: "RecipeTuner", engine: Engine) -> int:
    """Returns how many trials may be chosen that have not ended."""
    start = Training(tuner.space.recipe, "", "").start
    if start is not None and not tuner.chief_oracle.end_order:
        return 1  # The first one trains what all of them start from.
    return engine.workers + engine.workers // 2


def _next(tuner: "RecipeTuner") -> Any:
    """Returns the next trial; `None` if there is none, or it depends on those that run."""
    oracle = tuner.chief_oracle
    names = (f"{tuner.tuner_id}-{number}" for number in range(len(oracle.ongoing_trials) + 1))
    free = next(name for name in names if name not in oracle.ongoing_trials)
    trial = oracle.create_trial(free)
    return trial if trial.status == TrialStatus.RUNNING else None


def _begin(tuner: "RecipeTuner", engine: Engine, trial: Any, pending: deque[_Ahead]) -> None:
    from kerasrecipes.tuning.keras_tuner.on_engine.remote_trial import trained_trial

    tuner.on_trial_begin(trial)
    try:
        remote = _remote(tuner, trial)
        run = folder_of_trial(tuner.project_dir, remote.recipe)
        fingerprint = remote.recipe.fingerprint
    except Exception as error:  # The recipe does not take the values, or there are no such data.
        failed: Future = Future()
        failed.set_exception(error)
        pending.append(_Ahead(trial, failed, None, ""))
        return
    while any(each.fingerprint == fingerprint for each in pending):
        _take_in(tuner, pending)  # Two trials would be at work in the folder of one run.
    pending.append(_Ahead(trial, engine.submit(trained_trial, remote), run, fingerprint))


def _take_in(tuner: "RecipeTuner", pending: deque[_Ahead]) -> None:
    """Ends the oldest trial, as soon as it is trained."""
    seen: dict[str, int] = {}
    while not pending[0].future.done():
        wait([pending[0].future], timeout=POLL_SECONDS)
        for ahead in pending:
            _tell_epoch(tuner, ahead, seen)
    trial, future, *_ = pending.popleft()
    tuner.ahead[trial.trial_id] = future
    tuner._attempt(trial)
    if future.exception() is None:
        tuner.began = time.monotonic() - future.result().seconds
    tuner.on_trial_end(trial)


def _tell_epoch(tuner: "RecipeTuner", ahead: _Ahead, seen: dict[str, int]) -> None:
    """Tells the last epoch of a trial that runs, by the history of its run."""
    row = last_epoch(ahead.run) if ahead.run is not None else {}
    name, epoch = ahead.trial.trial_id, row.get("epoch")
    score = row.get(tuner.oracle.objective.name)
    if epoch is not None and score is not None and seen.get(name) != epoch:
        seen[name] = int(epoch)
        tuner.on_event("epoch", {"trial": name, "epoch": int(epoch), "score": float(score)})


def _remote(tuner: "RecipeTuner", trial: Any):
    """Returns what a worker is told of a trial."""
    from kerasrecipes.tuning.keras_tuner.on_engine.remote_trial import SENT, RemoteTrial

    oracle, values = tuner.chief_oracle, trial.hyperparameters.values
    known = Path(tuner.get_trial_dir(trial.trial_id)) / KNOWN
    if not known.is_file():
        write_json(known, {"ended": len(oracle.end_order)})
    ended = json.loads(known.read_text("utf-8"))["ended"]
    observations = oracle.observations()
    own = next(each for each in observations if each.name == trial.trial_id)
    others = [each.curve for each in observations[:ended] if each.rung == values[RUNG]]
    return RemoteTrial(
        tuner={name: getattr(tuner, name) for name in SENT},
        state=trial.get_state(),
        recipe=tuner.recipe_of(values),
        objective=oracle.objective.name,
        sign=-1 if oracle.objective.direction == "min" else 1,
        before=own.curve[: values[INITIAL_EPOCH]],
        others=others if oracle.median_rule else None,
    )
