"""The command `tune-speed`: which settings make a recipe's training faster on this machine."""

import argparse
import sys
from pathlib import Path

from kerasrecipes.cli.command import Command, Request
from kerasrecipes.cli.starts import trained_start
from kerasrecipes.cli.tables import print_table


def _add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--minutes", type=float, default=1.0, metavar="M", help="the time for it all (default: 1)"
    )
    parser.add_argument(
        "--write",
        action="store_true",
        help="write the fastest settings into the recipe script or recipe.json: those that change "
        "rounding alone, and those that --allow names",
    )
    parser.add_argument(
        "--allow",
        nargs="+",
        default=[],
        choices=("precision", "batch_size"),
        metavar="FIELD",
        help="precision or batch_size, which change what is learnt: let --write write them too",
    )


def _tune_speed(asked: Request) -> None:
    """Tries settings, prints what each gave, and writes the fastest if that is asked for."""
    from kerasrecipes.speed import tune_speed
    from kerasrecipes.speed.written_settings import check_writable, write_settings

    arguments, recipe = asked.arguments, asked.recipe
    path = Path(getattr(arguments, "recipe", None) or sys.argv[0])
    if arguments.allow and not arguments.write:
        raise ValueError("`--allow` says what `--write` may write: give both, or none.")
    if arguments.write:
        fields = ("jit_compile", "steps_per_execution", *arguments.allow)
        check_writable(path, recipe, fields)
    if recipe.start is not None:
        trained_start(asked, recipe.data.build("data").load())
    speeds = tune_speed(
        recipe, minutes=arguments.minutes, directory=asked.directory, allow=arguments.allow
    )
    print_table([_row(tried) for tried in speeds.tried])
    print()
    print(_conditions(speeds))
    for line in _advice(speeds, arguments):
        print(line)
    if arguments.write and speeds.best:
        write_settings(path, recipe, speeds.best)
        print(f"written into {path}: {_settings(speeds.best)}")


def _row(tried) -> dict[str, object]:
    from kerasrecipes.page.formats import duration

    measured = tried.images_per_second is not None
    several = len(tried.ratios) > 1
    spread = f"{min(tried.ratios):.2f} to {max(tried.ratios):.2f}" if several else None
    return {
        "setting": str(tried.setting),
        "images/s": f"{tried.images_per_second:,.0f}" if measured else "-",
        "ratio": f"{tried.ratio:.2f}" if measured else "-",
        "turns": spread,
        "begins in": duration(tried.begin_seconds) if measured else None,
        "changes": tried.setting.effect if measured else tried.note,
    }


def _conditions(speeds) -> str:
    from kerasrecipes.page.formats import duration
    from kerasrecipes.speed.comparing import TURNS

    return (
        f"{speeds.backend}, {speeds.cores} cores; n = {TURNS} turns of about "
        f"{duration(speeds.turn_seconds)}, each beside one of the recipe as it is"
    )


def _advice(speeds, arguments: argparse.Namespace):
    """Yields what to do with what was measured."""
    from kerasrecipes.speed.settings import LEARNT_FIELDS

    if speeds.caches:
        yield (
            "note: `train` computes what the frozen layers give once for all epochs, and is faster "
            "than what was measured, which computes it at every step"
        )
    if not speeds.best:
        yield "no setting that may be written was faster in every turn, and by 3% in the median"
    elif not arguments.write:
        yield f"faster: {_settings(speeds.best)}; --write writes it into the recipe"
    for setting in (tried.setting for tried in speeds.tried if tried.is_faster):
        if setting.variables:
            pairs = " ".join(f"{name}={value}" for name, value in setting.variables.items())
            yield f"faster, set before the command: {pairs}"
        elif setting.name in LEARNT_FIELDS and setting.name not in arguments.allow:
            yield (
                f"faster, but changes what is learnt: {setting}; `--write --allow {setting.name}` "
                "writes it"
            )
    if "batch_size" in speeds.best and arguments.write:
        yield (
            "note: the learning rate was chosen for other batches; `find-lr` suggests another one"
        )


def _settings(settings) -> str:
    from kerasrecipes.page.formats import option

    return ", ".join(f"{name}={option(value)}" for name, value in settings.items())


COMMAND = Command(
    name="tune-speed",
    help="try for a minute which settings make a recipe's training faster on this machine",
    runs_code=True,
    takes="recipe",
    add_arguments=_add_arguments,
    run=_tune_speed,
)
