"""What `evaluate` prints of a run under attacks and corruptions."""

import argparse
from collections.abc import Iterator

from kerasrecipes.cli.scores.probability_lines import with_interval
from kerasrecipes.cli.tables import print_table

# The largest changes that are tried by default, of pixels from 0 to 255.
_EPSILONS = {"inf": (2.0, 4.0, 8.0, 16.0), "2": (32.0, 64.0, 128.0, 255.0)}


def add_robustness(parser: argparse.ArgumentParser) -> None:
    """Adds `--adversarial` and `--corrupted`, and what they can be told."""
    parser.add_argument(
        "--adversarial",
        type=float,
        nargs="*",
        metavar="EPSILON",
        help="of the run's own images: the accuracy under attacks that change a pixel by at most "
        "so much of 255 (default: 2 4 8 16), and whether its gradient looks masked",
    )
    parser.add_argument(
        "--norm",
        choices=tuple(_EPSILONS),
        help="with --adversarial: the epsilons are the largest change of any pixel (inf, the "
        "default), or the root of the sum of squared changes (2; default: 32 64 128 255)",
    )
    parser.add_argument(
        "--corrupted",
        action="store_true",
        help="of the run's own images: the accuracy with noise, blur, less contrast, more "
        "brightness and small turns, at five strengths",
    )
    parser.add_argument(
        "--images",
        type=int,
        metavar="N",
        help="with --adversarial or --corrupted: draw so many images (default: 1000)",
    )


def check_robustness(arguments: argparse.Namespace) -> None:
    """Raises if an option is given that only `--adversarial` or `--corrupted` has."""
    attacked = arguments.adversarial is not None
    if arguments.norm is not None and not attacked:
        raise ValueError("`--norm` needs `--adversarial`.")
    if arguments.images is not None and not (attacked or arguments.corrupted):
        raise ValueError("`--images` needs `--adversarial` or `--corrupted`.")


def print_robustness(run, arguments: argparse.Namespace) -> None:
    """Scores a run as asked, prints what came out, and writes its report anew."""
    from kerasrecipes.report import write_report

    if arguments.adversarial is not None:
        lines = _adversarial_lines(run, arguments)
    else:
        lines = _corrupted_lines(run, arguments)
    for line in lines:
        print(line)
    print(f"report: {write_report(run)}")


def _adversarial_lines(run, arguments: argparse.Namespace) -> Iterator[str]:
    from kerasrecipes.page.formats import number, percent, percent_interval
    from kerasrecipes.runs import evaluate_adversarial

    norm = arguments.norm or "inf"
    epsilons = arguments.adversarial or _EPSILONS[norm]
    low, high = run.data["value_range"]
    for epsilon in epsilons:
        if 0 < epsilon < (high - low) / 255:
            yield (
                f"note: an epsilon of {epsilon:g} is less than a grey level: pixels here go from "
                f"{low:g} to {high:g}"
            )
    of_norm = 2 if norm == "2" else norm
    scores = evaluate_adversarial(run, epsilons, norm=of_norm, **_options(arguments))
    n = len(scores.labels)
    print_table(
        [
            {
                "epsilon": number(epsilon),
                **{name: percent(of[place].mean(), n) for name, of in scores.correct.items()},
                "withstood": percent(scores.accuracies[place], n),
                "95% interval": percent_interval(*scores.intervals[place], n),
            }
            for place, epsilon in enumerate(scores.epsilons)
        ]
    )
    yield ""
    whole = with_interval(float(scores.whole.mean()), _wilson(scores.whole), n)
    yield f"as they are: accuracy {whole}"
    yield (
        "withstood: right as it is, and under each attack in the row and above it. Other attacks "
        "may find more."
    )
    yield from (f"warning: {told}" for told in scores.warnings)
    if not scores.warnings:
        yield "no sign of masked gradients: no attack finds less than a weaker one does"


def _corrupted_lines(run, arguments: argparse.Namespace) -> Iterator[str]:
    from kerasrecipes.page.formats import percent, percent_interval
    from kerasrecipes.robustness.corruptions import STRENGTHS
    from kerasrecipes.runs import evaluate_corrupted

    scores = evaluate_corrupted(run, **_options(arguments))
    n = len(scores.whole)
    print_table(
        [
            {
                "corruption": name,
                **{
                    f"strength {level}": percent(accuracy, n)
                    for level, accuracy in zip(STRENGTHS, accuracies, strict=True)
                },
            }
            for name, accuracies in scores.accuracies.items()
        ]
    )
    yield ""
    yield f"as they are: accuracy {with_interval(scores.accuracy, _wilson(scores.whole), n)}"
    mean = scores.mean
    told = percent(mean.mean, n)
    if mean.low is not None and mean.high is not None:
        told += f" (95% interval {percent_interval(mean.low, mean.high, n)}, n = {n:,})"
    yield f"mean over all corruptions: accuracy {told}"


def _options(arguments: argparse.Namespace) -> dict:
    given = {} if arguments.images is None else {"images": arguments.images}
    return {"split": arguments.split, **given}


def _wilson(correct) -> tuple[float, float]:
    from kerasrecipes.base.intervals import wilson_interval

    return wilson_interval(int(correct.sum()), len(correct))
