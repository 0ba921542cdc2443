"""The command `evaluate`: the scores of a run's model on labelled images."""

import argparse
import json
import os
import sys
from collections.abc import Iterator

from kerasrecipes.base.text import printable
from kerasrecipes.cli.arguments import (
    add_set,
    add_test_time_augmentation,
    changes_of,
    finished_run,
)
from kerasrecipes.cli.command import Command
from kerasrecipes.cli.scores.adjusted_logits import (
    add_logit_adjustment,
    check_logit_adjustment,
)
from kerasrecipes.cli.scores.probability_lines import (
    add_thresholds,
    calibration_lines,
    check_thresholds,
    threshold_lines,
)
from kerasrecipes.cli.scores.recall_lines import recall_line, recall_rows
from kerasrecipes.cli.scores.repeated_predictions import dropout_lines, unsure_rows
from kerasrecipes.cli.scores.robustness_lines import (
    add_robustness,
    check_robustness,
    print_robustness,
)
from kerasrecipes.cli.tables import print_table

# So many broken images are named; the others are counted.
NAMED = 10


def _add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--data",
        nargs="+",
        default=[],
        metavar="SOURCE",
        help="directories of class folders, data sources such as Digits, or JSON such as "
        '\'{"use": "ImageFolder", "directory": "..."}\' (default: the predictions of the run)',
    )
    add_set(parser, "change the run's own data source, such as data.directory=...; repeatable")
    parser.add_argument(
        "--split",
        choices=("train", "validation", "test"),
        help="default: test where there is one, else validation",
    )
    add_test_time_augmentation(parser)
    parser.add_argument(
        "--unsure-only",
        action="store_true",
        help="with --test-time-augmentation, of the run's own images: only those below a "
        "confidence that is chosen on validation get views; shown beside none and all",
    )
    parser.add_argument(
        "--monte-carlo-dropout",
        type=int,
        metavar="N",
        help="of the run's own images: predict with N dropout masks, and say whether what they "
        "disagree about is wrong more often",
    )
    add_robustness(parser)
    add_logit_adjustment(parser)
    add_thresholds(parser)


def _evaluate(arguments: argparse.Namespace) -> None:
    """Prints precision and recall of each class, and the accuracy with its interval."""
    from kerasrecipes.runs import logit_adjusted

    run = finished_run(arguments.run)
    _check_own(arguments)
    check_logit_adjustment(arguments)
    check_thresholds(run, arguments)
    if arguments.adversarial is not None or arguments.corrupted:
        print_robustness(run, arguments)
        return
    if arguments.unsure_only:
        rows, told = unsure_rows(run, arguments.test_time_augmentation, arguments.split)
        print_table(rows)
        print(f"\n{told}")
        return
    if arguments.monte_carlo_dropout is not None:
        for line in dropout_lines(run, arguments.split, arguments.monte_carlo_dropout):
            print(line)
        return
    for number, found in enumerate(_evaluations(run, arguments)):
        scored, tau = found, arguments.logit_adjustment
        if tau is not None:
            scored = logit_adjusted(run, found, tau)
        print(end="\n" if number else "")
        _print_skipped(scored.skipped)
        print_table(recall_rows(scored))
        print(f"\n{_score_line(scored)}")
        print(recall_line(scored))
        lines = [*calibration_lines(run, scored), *threshold_lines(run, scored, arguments)]
        # The temperature, and what is said of it, is of logits that are not adjusted.
        for line in lines if tau is None else lines[:1]:
            print(line)
        if arguments.data or arguments.changes:
            _print_seen(scored)


def _check_own(arguments: argparse.Namespace) -> None:
    """Raises if options were given that only make sense alone, or of the run's own images."""
    check_robustness(arguments)
    dropout = arguments.monte_carlo_dropout is not None
    given = [
        name
        for name, is_given in (
            ("--unsure-only", arguments.unsure_only),
            ("--monte-carlo-dropout", dropout),
            ("--adversarial", arguments.adversarial is not None),
            ("--corrupted", arguments.corrupted),
        )
        if is_given
    ]
    if len(given) > 1:
        raise ValueError(f"Give {' or '.join(given)}, not both.")
    if arguments.unsure_only and not arguments.test_time_augmentation:
        raise ValueError("`--unsure-only` needs `--test-time-augmentation`, such as flip.")
    if given and not arguments.unsure_only and arguments.test_time_augmentation:
        raise ValueError(f"Give `{given[0]}` or `--test-time-augmentation`, not both.")
    if given and (arguments.data or arguments.changes):
        raise ValueError(
            f"`{given[0]}` is of the run's own images: leave out `--data` and `--set`."
        )
    if given and arguments.split == "train":
        raise ValueError(f"`{given[0]}` is of validation or test. Received: --split train")


def _evaluations(run, arguments: argparse.Namespace) -> Iterator:
    from kerasrecipes.runs import evaluate_dataset, evaluate_folder, evaluate_stored

    changes, split = changes_of(arguments), arguments.split
    views = arguments.test_time_augmentation
    for path in changes:
        if path.split(".")[0] != "data":
            raise ValueError(
                "`--set` of `evaluate` changes where the data is from, such as data.directory. "
                f"Received: --set {path}=..."
            )
    if changes and arguments.data:
        raise ValueError("Give `--data` or `--set`, not both.")
    if changes:
        source = run.recipe.replace(changes).data
        yield evaluate_dataset(run, source.build("data").load(), split, views)
    for text in arguments.data:
        if os.path.isdir(text):
            yield evaluate_folder(run, text, split, views)
        else:
            yield evaluate_dataset(run, _source(text).build("data").load(), split, views)
    if not changes and not arguments.data and views:
        # The stored predictions are of one view each.
        yield evaluate_dataset(run, run.recipe.data.build("data").load(), split, views)
    elif not changes and not arguments.data:
        if split == "train":
            raise ValueError("A run keeps no predictions on train: give `--data` or `--set` too.")
        yield evaluate_stored(run, split)


def _source(text: str):
    """Returns the data source that a text names, as JSON or by its bare name."""
    from kerasrecipes.recipe.spec import Spec, from_plain

    if text.lstrip().startswith("{"):
        try:
            spec = from_plain(json.loads(text))
        except (json.JSONDecodeError, RecursionError) as error:
            raise ValueError(f"`--data` must be JSON: {error}. Received: {text}") from error
        if not isinstance(spec, Spec):
            raise ValueError(
                f'`--data` must name a source: {{"use": "ImageFolder", ...}}. Received: {text}'
            )
    elif os.path.exists(text) or os.path.basename(text) != text:
        raise ValueError(f"Expected a directory of class folders. Received: --data {text}")
    else:
        spec = Spec(text)
    try:
        spec.check("data")
    except ValueError as error:
        error.add_note(f"Received: --data {text}, which is no directory either.")
        raise
    return spec


def _score_line(scored) -> str:
    from kerasrecipes.page.formats import percent

    n, (low, high) = len(scored.labels), scored.interval
    return (
        f"accuracy {percent(scored.accuracy, n)} (95% interval {percent(low, n)} to "
        f"{percent(high, n)}, n = {n:,}) on {scored.images}"
    )


def _print_seen(scored) -> None:
    """Says how many of the images are not new to the run, whose score then says too much."""
    seen, n = scored.seen, len(scored.labels)
    if seen is None:
        print(
            "note: the run may have been trained on some of these images: its own are not at hand "
            "to compare them with",
            file=sys.stderr,
        )
        return
    of_training = f"the run was trained on {seen.trained_on:,} of these {n:,} images"
    of_validation = f"{seen.validated_on:,} are validation images, which chose its epoch"
    told = [
        text
        for count, text in ((seen.trained_on, of_training), (seen.validated_on, of_validation))
        if count
    ]
    if told:
        print(f"note: {', '.join(told)}: this is no score on new images", file=sys.stderr)


def _print_skipped(skipped: tuple[tuple[str, str], ...]) -> None:
    for path, reason in skipped[:NAMED]:
        print(f"skipped: {printable(path)}: {reason}", file=sys.stderr)
    if len(skipped) > NAMED:
        print(f"skipped: {len(skipped) - NAMED:,} more", file=sys.stderr)


COMMAND = Command(
    name="evaluate",
    help="score a run, on its own images or on others of its classes",
    takes="run",
    add_arguments=_add_arguments,
    run=_evaluate,
)
