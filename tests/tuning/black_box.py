"""A search whose trials train nothing, and that writes down what it runs: for tests."""

import os
import signal
from pathlib import Path

import keras_tuner

from kerasrecipes.tuning import CoarseToFine
from kerasrecipes.tuning.trial_values import EPOCHS, INITIAL_EPOCH

STAGES = "8x1,4x2,2x4"


class BlackBox(CoarseToFine):
    """Scores a trial by how near two numbers are to 0.3 and 0.7, and better with every epoch."""

    def __init__(self, folder, stages=STAGES, **options):
        hps = keras_tuner.HyperParameters()
        hps.Float("x", 0.0, 1.0)
        hps.Float("y", 0.0, 1.0)
        hps.Choice("kind", ["good", "bad"])
        super().__init__(
            None,
            keras_tuner.Objective("score", "max"),
            stages=stages,
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
            self.write(f"{trial.trial_id} {epoch}")
            if self.report(trial, epoch, {"score": score}):
                break

    def on_trial_end(self, trial):
        super().on_trial_end(trial)
        self.write(f"{trial.trial_id} ended")

    def write(self, line):
        with self.journal.open("a") as file:
            file.write(line + "\n")

    def run(self):
        self.search(verbose=0)
        return self


def in_child(function) -> int:
    """Runs a function in a forked process, and returns how it ended: 0, or minus a signal."""
    child = os.fork()
    if child == 0:
        code = 1
        try:
            function()
            code = 0
        finally:
            os._exit(code)
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])


def kill_at(moment: int, monkeypatch) -> None:
    """Kills this process at its `moment`th write: before it, halfway through it, or after it."""
    from keras_tuner.engine.trial import Trial

    from kerasrecipes.tuning.oracle import CoarseToFineOracle

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
