"""Processes that train a recipe with settings in turns: one for each environment."""

import contextlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

from kerasrecipes.engine import ProcessEngine
from kerasrecipes.recipe.recipe import Recipe
from kerasrecipes.speed import timed_steps
from kerasrecipes.speed.settings import Setting


class Workers:
    """Trains a recipe with one setting or another for some seconds, in other processes.

    Settings of the recipe share the process of the recipe as it is: to start another one takes
    longer than to try them. Settings of the environment have a process of their own, which takes
    them when it starts.

    Args:
        recipe: The recipe.
        directory: Where its runs are kept.
        turn_seconds: About how long a turn is to take.
    """

    def __init__(self, recipe: Recipe, directory: str | Path, turn_seconds: float):
        self.recipe = recipe
        self._arguments = (str(directory), turn_seconds)
        self._engines: dict[frozenset, ProcessEngine] = {}
        self._open = contextlib.ExitStack()

    def __enter__(self) -> "Workers":
        self._open.__enter__()
        return self

    def __exit__(self, *error) -> None:
        self._open.__exit__(*error)

    def begin(self, setting: Setting, timeout: float | None = None) -> timed_steps.Begun:
        """Builds and compiles the recipe with a setting.

        Args:
            setting: The setting.
            timeout: The seconds that it may take.

        Raises:
            TimeoutError: If it takes longer. Its process has been ended.
            Exception: What building or training raises with this setting.
        """
        return self._call(timed_steps.begin, setting, *self._arguments, timeout=timeout)

    def turn(self, setting: Setting) -> float:
        """Returns how many images a second the recipe trains on with a setting."""
        return self._call(timed_steps.turn, setting, *self._arguments)

    def drop(self, setting: Setting) -> None:
        """Frees what a setting takes: its process, or its memory."""
        engine = self._engine(setting)
        if setting.variables:
            engine.stop()
        elif engine.is_open:
            self._call(timed_steps.drop, setting)

    def _call(
        self, function: Callable, setting: Setting, *arguments: Any, timeout: float | None = None
    ) -> Any:
        engine = self._engine(setting)
        recipe = self.recipe.replace(setting.changes)
        try:
            return engine.submit(function, recipe, *arguments).result(timeout)
        except TimeoutError:
            engine.stop()
            raise

    def _engine(self, setting: Setting) -> ProcessEngine:
        key = frozenset(setting.variables.items())
        if key not in self._engines:
            # A process that takes too much memory would do so again.
            engine = ProcessEngine(1, lives=1, variables=setting.variables)
            self._engines[key] = self._open.enter_context(engine)
        return self._engines[key]
