"""Black box for tests: a search whose trials train nothing and write a journal of their epochs."""

import json
import os
import signal
import socket
import time
import traceback
from collections import Counter
from pathlib import Path

import keras_tuner

from kerasrecipes.tuning import CoarseToFine
from kerasrecipes.tuning.keras_tuner.distributed import ORACLE_IP, ORACLE_PORT, TUNER_ID, WORKERS
from kerasrecipes.tuning.keras_tuner.trial_values import EPOCHS, INITIAL_EPOCH

RUNGS = "8x1,4x2,2x4"
# A search takes two seconds, and more on a busy machine.
END_SECONDS = 60


class BlackBox(CoarseToFine):
    """Scores a trial by how near two numbers are to 0.3 and 0.7; the score rises each epoch."""

    epoch_seconds = 0.0

    def __init__(self, folder, rungs=RUNGS, **options):
        hps = keras_tuner.HyperParameters()
        hps.Float("x", 0.0, 1.0)
        hps.Float("y", 0.0, 1.0)
        hps.Choice("kind", ["good", "bad"])
        super().__init__(
            None,
            keras_tuner.Objective("score", "max"),
            rungs=rungs,
            hyperparameters=hps,
            directory=str(folder),
            project_name="search",
            **options,
        )
        self.journal = Path(folder) / "journal"

    def run_trial(self, trial, **kwargs):
        values = trial.hyperparameters.values
        for epoch in range(values[INITIAL_EPOCH] + 1, values[EPOCHS] + 1):
            score = 1 - (values["x"] - 0.3) ** 2 - (values["y"] - 0.7) ** 2
            score -= 0.5 * (values["kind"] == "bad") + 1 / epoch
            time.sleep(self.epoch_seconds)
            self.write(f"{trial.trial_id} {epoch}")
            if self.report(trial, epoch, {"score": score}):
                break

    def on_trial_end(self, trial):
        super().on_trial_end(trial)
        self.write(f"{trial.trial_id} ended")

    def write(self, line):
        with self.journal.open("a") as file:
            file.write(line + "\n")

    def run(self, verbose=0):
        self.search(verbose=verbose)
        return self


def in_child(function) -> int:
    """Runs a function in a forked process, and returns its exit code, or minus its signal."""
    child = os.fork()
    if child == 0:
        code = 1
        try:
            function()
            code = 0
        finally:
            os._exit(code)
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])


class Processes:
    """A chief and workers that search a black box, each a forked process that can be killed."""

    def __init__(self, folder, workers=("worker0", "worker1"), epoch_seconds=0.05):
        self.folder, self.workers, self.epoch_seconds = folder, workers, epoch_seconds
        (folder / "journal").touch()
        with socket.create_server(("127.0.0.1", 0)) as server:
            self.port = server.getsockname()[1]
        self.running: dict[str, int] = {}

    def start(self, *names):
        """Forks processes of these names, which may be those of killed ones."""
        for name in names:
            child = os.fork()
            if child == 0:
                code = 1
                try:
                    os.environ |= {TUNER_ID: name, ORACLE_IP: "127.0.0.1"}
                    os.environ |= {ORACLE_PORT: str(self.port), WORKERS: ",".join(self.workers)}
                    tuner = BlackBox(self.folder)
                    tuner.epoch_seconds = self.epoch_seconds
                    tuner.run(verbose=1)
                    code = 0
                except Exception:
                    traceback.print_exc()
                finally:
                    os._exit(code)
            self.running[name] = child

    def kill(self, *names):
        for name in names:
            os.kill(self.running[name], signal.SIGKILL)
            assert self.wait(name) == -signal.SIGKILL

    def wait(self, name) -> int:
        child, give_up = self.running.pop(name), time.monotonic() + END_SECONDS
        while (ended := os.waitpid(child, os.WNOHANG)) == (0, 0):
            if time.monotonic() > give_up:
                os.kill(child, signal.SIGKILL)
                os.waitpid(child, 0)
                raise AssertionError(f"{name} does not end")
            time.sleep(0.01)
        return os.waitstatus_to_exitcode(ended[1])

    def stop(self):
        """Kills all processes that still run."""
        for name in list(self.running):
            os.kill(self.running[name], signal.SIGKILL)
            self.wait(name)

    def until(self, lines: int):
        """Waits until the journal has at least so many lines."""
        give_up = time.monotonic() + 60
        while len(self.journal()) < lines:
            assert time.monotonic() < give_up
            time.sleep(0.005)

    def journal(self) -> list[str]:
        return (self.folder / "journal").read_text().split("\n")[:-1]

    def finish(self):
        """Waits for all processes, and checks that no trial is lost, unfinished or run again."""
        codes = {name: self.wait(name) for name in list(self.running)}
        assert set(codes.values()) == {0}, codes
        state = json.loads((self.folder / "search" / "oracle.json").read_text())
        assert state["ongoing_trials"] == {}
        assert state["retry_queue"] == []
        assert max(Counter(state["end_order"]).values()) == 1
        assert sorted(state["end_order"]) == state["start_order"]
        ended = set()
        for name, what in (line.split() for line in self.journal()):
            assert name not in ended, f"{name} ran after its end"
            ended |= {name} if what == "ended" else set()
        cost = 0
        for name in state["end_order"]:
            path = self.folder / "search" / f"trial_{name}" / "trial.json"
            trial = json.loads(path.read_text())
            assert trial["status"] == "COMPLETED"
            values = trial["hyperparameters"]["values"]
            seen = trial["metrics"]["metrics"]["score"]["observations"]
            planned = range(values[INITIAL_EPOCH] + 1, values[EPOCHS] + 1)
            assert [each["step"] for each in seen] == list(planned)[: len(seen)]
            cost += len(seen)
        assert cost >= 8 + 8 - 2 + 8 - 3, "the budget is spent"


def kill_at(moment: int, monkeypatch) -> None:
    """Kills this process at a moment, counted before, amid and after each of its writes."""
    from keras_tuner.engine.trial import Trial

    from kerasrecipes.tuning.keras_tuner.oracle import CoarseToFineOracle

    count = 0

    def due():
        nonlocal count
        count += 1
        if count - 1 == moment:
            os.kill(os.getpid(), signal.SIGKILL)

    save_trial, save_oracle = Trial.save, CoarseToFineOracle.save

    def torn(self, name):
        due()
        if count == moment:
            Path(name).parent.mkdir(parents=True, exist_ok=True)
            Path(name).write_text('{"trial_id": "00')
        due()
        save_trial(self, name)

    def whole(self):
        due()
        save_oracle(self)
        due()

    monkeypatch.setattr(Trial, "save", torn)
    monkeypatch.setattr(CoarseToFineOracle, "save", whole)
