"""A training as a value that another process can take."""

import contextlib
import dataclasses
import os
import time
import warnings
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from kerasrecipes.recipe.recipe import Recipe
from kerasrecipes.training.divergence import DivergenceWarning
from kerasrecipes.training.files.run_folders import run_folder
from kerasrecipes.training.run import Run
from kerasrecipes.training.training import train

# How long a training waits for a folder in which another process is at work. That of a program that
# was killed may take a moment to end.
PATIENCE_SECONDS = 20


@dataclass(frozen=True)
class Training:
    """What is to be trained, and where; the fields are arguments of `train`.

    Args:
        recipe: The recipe.
        directory: The folder that holds the run folders.
        name: The name of the run.
        options: Further arguments of `train`, which can be pickled.
    """

    recipe: Recipe
    directory: str | Path
    name: str
    options: dict[str, Any] = dataclasses.field(default_factory=dict, hash=False)

    def run(self, *, verbose: str | int = 0, on_start: Callable[[Path], None] | None = None) -> Run:
        """Trains in this process; the arguments are those of `train`."""
        return train(
            self.recipe,
            directory=self.directory,
            name=self.name,
            verbose=verbose,
            on_start=on_start,
            **self.options,
        )

    def folder(self, data_hash: str) -> Path:
        """Returns the folder of the run on data of this hash."""
        return run_folder(self.directory, self.name, self.recipe.fingerprint, data_hash)

    @property
    def start(self) -> str | None:
        """The fingerprint of the recipe that is trained first, to start from; `None` if none is.

        A run that is named to start from is there already.
        """
        start = self.recipe.start
        if start is None or isinstance(start, str) and os.path.isdir(start):
            return None
        before = self.recipe.start_recipe()
        return None if before is None else before.fingerprint


def trained(training: Training) -> str:
    """Trains what is to be trained, silently, and returns the folder of the run."""
    with warnings.catch_warnings(action="ignore", category=DivergenceWarning):
        return str(patiently(training.run).folder)


def patiently(function: Callable, *arguments: Any, **options: Any) -> Any:
    """Calls a function again, for some seconds, while another process is at work in its folder."""
    give_up = time.monotonic() + PATIENCE_SECONDS
    while time.monotonic() < give_up:
        with contextlib.suppress(BlockingIOError):
            return function(*arguments, **options)
        time.sleep(0.5)
    return function(*arguments, **options)
