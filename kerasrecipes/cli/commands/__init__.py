"""The table of commands: a module a command, in the order in which help lists them."""

from importlib import import_module

from kerasrecipes.cli.command import Command

_MODULES = (
    "train", "new", "show", "report", "preflight", "diagnose", "data", "augment", "plot_schedule",
    "find_lr", "tune_speed", "advise", "search", "predict", "explain", "evaluate", "export",
    "augment_check", "compare", "ensemble", "averages", "runs", "list", "demo",
)  # fmt: skip

COMMANDS: dict[str, Command] = {
    command.name: command
    for command in (import_module(f"{__name__}.{module}").COMMAND for module in _MODULES)
}
