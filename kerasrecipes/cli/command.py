"""A command of the command line, and the request that a recipe's command answers."""

import argparse
import os
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from kerasrecipes.base.checks import nearest
from kerasrecipes.cli.arguments import add_debug, add_recipe_options, with_changes
from kerasrecipes.cli.consent import add_allow_code


@dataclass(frozen=True, kw_only=True)
class Request:
    """A recipe, and what a command line asks to do with it.

    Args:
        recipe: The recipe, changed as the arguments say.
        name: What its runs are called.
        directory: Where its run folders are kept.
        arguments: The arguments of the command line.
        space: The search space that a script brings.
        rungs: The rungs of a search that a script brings.
        given: The run folder that the recipe was read from, if what is asked for is this run.
    """

    recipe: Any
    name: str
    directory: str
    arguments: argparse.Namespace
    given: Path | None = None
    space: Mapping[str, Any] | None = None
    rungs: str | None = None

    @classmethod
    def of(
        cls,
        recipe,
        arguments: argparse.Namespace,
        *,
        name: str,
        directory: str = "saved_models",
        given: Path | None = None,
        space: Mapping[str, Any] | None = None,
        rungs: str | None = None,
    ) -> "Request":
        """Returns the request that arguments make of a recipe.

        Args:
            recipe: The recipe as it is written.
            arguments: As `Command.add_parser` adds them.
            name: What its runs are called unless `--name` says otherwise.
            directory: Where they are kept unless `--directory` says otherwise.
            given: The run folder that the recipe was read from.
            space: As of the request.
            rungs: As of the request.

        Raises:
            ValueError: If the arguments do not fit the recipe.
        """
        name = arguments.name or name
        if os.path.basename(name) != name:
            raise ValueError(
                f"`--name` must be a name without a folder: --directory says where. Received: "
                f"--name {name}"
            )
        changed = with_changes(recipe, arguments)
        other = arguments.name or arguments.directory or changed.fingerprint != recipe.fingerprint
        return cls(
            recipe=changed,
            name=name,
            directory=arguments.directory or directory,
            arguments=arguments,
            given=None if other else given,
            space=space,
            rungs=rungs,
        )

    @property
    def runs(self) -> list:
        """The recipe's runs that are there: on any data, of any numerics version.

        If the recipe is that of a given run folder, this is its only run.
        """
        from kerasrecipes.training.files.run_folders import runs_of

        if self.given_run is not None:
            return [self.given_run]
        return runs_of(self.directory, self.name, self.recipe.fingerprint)

    @property
    def given_run(self):
        """The run in the folder that was given, whatever it is called; `None` if none was."""
        from kerasrecipes.training.run import Run

        return None if self.given is None else Run(os.path.relpath(self.given))

    @property
    def run(self):
        """The recipe's run; `None` if there is none yet.

        Raises:
            ValueError: If there are several, on different data, and none of them is given.
        """
        from kerasrecipes.training.numerics import NUMERICS_VERSION

        there = self.runs
        newest = [run for run in there if run.numerics_version == NUMERICS_VERSION] or there
        if len(newest) > 1:
            raise ValueError(
                "There are several runs of this recipe, on different data. Name one: "
                + ", ".join(f"`kerasrecipes {self.arguments.command} {r.folder}`" for r in newest)
            )
        return newest[0] if newest else None


@dataclass(frozen=True, kw_only=True)
class Alternative:
    """What the first argument of a recipe's command may be instead of a recipe.

    Args:
        what: What it may be, in words, after "a recipe script, a recipe.json or a run folder".
        fits: Function that returns whether an argument is that.
        run: The action. It is called with the arguments.
        takes_options: Whether options that change a recipe, or tell where it is kept, are for it.
    """

    what: str
    fits: Callable[[str], bool]
    run: Callable[[argparse.Namespace], None]
    takes_options: bool = False


@dataclass(frozen=True, kw_only=True)
class Command:
    """A command, for a recipe script and for `kerasrecipes` alike.

    Args:
        name: The word that a user types.
        help: A line that says what the command does, for the help of both.
        takes: What the command is about. It decides the first argument of `kerasrecipes`; a script
            is a recipe itself, and has the commands that take one.
        run: The action. It is called with a `Request` if the command takes a recipe, else with the
            arguments.
        add_arguments: Adds the command's own arguments to its parser.
        alternative: What is taken instead of a recipe.
        resumes: Whether the same command goes on where it was stopped.
        runs_code: Whether the action builds what a recipe names, and so runs the modules of users
            that it names. What only looks at a recipe or at a run does not.
    """

    name: str
    help: str
    takes: Literal["recipe", "run", "runs", "nothing"]
    run: Callable[[Any], None]
    add_arguments: Callable[[argparse.ArgumentParser], None] = lambda parser: None
    alternative: Alternative | None = None
    resumes: bool = False
    runs_code: bool = False

    @property
    def usage(self) -> str:
        """How a command that takes no recipe is typed."""
        about = {"run": " RUN", "runs": " RUN RUN"}.get(self.takes, "")
        return f"kerasrecipes {self.name}{about}"

    def add_parser(self, commands, *, of_script: bool) -> None:
        """Adds the command to the subparsers of a script, or to those of `kerasrecipes`."""
        # A command's own option goes before one of the same name that all have.
        parser = commands.add_parser(
            self.name, help=self.help, description=self.help, conflict_handler="resolve"
        )
        if self.takes == "recipe" and not of_script:
            instead = f", or {self.alternative.what}" if self.alternative else ""
            what = f"a recipe script, a recipe.json or a run folder{instead}"
            parser.add_argument("recipe", help=what)
        if self.takes == "recipe":
            add_recipe_options(parser)
        elif self.takes == "run":
            parser.add_argument("run", help="a run folder")
        elif self.takes == "runs":
            what = "run folders; `compare` takes the first as its baseline"
            parser.add_argument("runs", nargs="+", metavar="run", help=what)
        self.add_arguments(parser)
        if self.takes != "nothing":
            add_allow_code(parser)
        add_debug(parser)


def check_command(given: str, commands: Iterable[str], hint: str = "") -> None:
    """Raises a `ValueError` if the first word of a command line is neither command nor option.

    Its message names the nearest command, unless there is a better hint.
    """
    commands = list(commands)
    if not given.startswith("-") and given not in commands:
        raise ValueError(
            f"There is no command {given!r}.{hint or nearest(given, commands)} "
            f"Commands: {', '.join(commands)}."
        )


def when_stopped(command: Command | None) -> str:
    """Returns what to say after Ctrl-C."""
    if command is not None and command.resumes:
        return "Stopped. The same command goes on from its last checkpoint."
    return "Stopped."
