"""A `train` that writes a finished run without training: for tests of what comes after it."""

import json
from pathlib import Path

from kerasrecipes.training.files.run_folders import run_folder
from kerasrecipes.training.numerics import NUMERICS_VERSION
from kerasrecipes.training.run import Run


class FakeTrain:
    """Scores a recipe by its seed and momentum; reuses finished runs, as `train` does.

    Args:
        has_test: Whether the runs have test scores.
    """

    def __init__(self, has_test: bool = True):
        self.has_test = has_test
        self.trained: list[Path] = []
        self.fail_at: int | None = None
        self.error: BaseException = RuntimeError("killed")

    def __call__(
        self, recipe, *, directory="saved_models", name="run", overwrite=False, verbose=0,
        doctor=None, on_start=None, run=None,
    ):  # fmt: skip
        data = recipe.data.build("data").load()
        folder = run_folder(directory, name, recipe.fingerprint, data.hash, run)
        if on_start is not None:
            on_start(folder)
        if (folder / "metrics.json").exists() and not overwrite:
            return Run(folder)
        if len(self.trained) == self.fail_at:
            self.write(folder, "recipe.json", recipe.to_dict())
            raise self.error
        self.trained.append(folder)
        accuracy = self.accuracy(recipe)
        self.write(folder, "recipe.json", recipe.to_dict())
        self.write(folder, "data.json", data.to_dict())
        self.write(
            folder,
            "environment.json",
            {"wall_seconds": 1.5, "backend": "tensorflow", "device": "cpu", "keras": "3.15.0",
             "numerics_version": NUMERICS_VERSION, "started": "2026-01-02T03:04:05+00:00"},
        )  # fmt: skip
        rows = "".join(f"{e},0.5,0.9\n" for e in range(1, recipe.epochs + 1))
        (folder / "history.csv").write_text(f"epoch,loss,val_accuracy\n{rows}")
        scores = {"loss": 1 - accuracy, "accuracy": accuracy, "n": 100}
        scores["accuracy_interval"] = [accuracy - 0.05, accuracy + 0.05]
        self.write(
            folder,
            "metrics.json",
            {"monitor": recipe.monitor, "epoch": 2, "validation": scores | {"n": 50},
             "test": scores if self.has_test else None,
             "parameters": {"trainable": 10, "total": 12}},
        )  # fmt: skip
        return Run(folder)

    @staticmethod
    def accuracy(recipe) -> float:
        return 0.8 + 0.1 * recipe.optimizer.options.get("momentum", 0.0) + 0.01 * recipe.seed

    @staticmethod
    def write(folder: Path, name: str, value) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(json.dumps(value))
