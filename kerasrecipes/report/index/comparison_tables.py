"""Tables of a comparison of runs: their scores, the options that differ, McNemar's tests."""

from collections.abc import Mapping, Sequence

from kerasrecipes.base.intervals import holm
from kerasrecipes.page.formats import count, number, percent, plain
from kerasrecipes.runs.comparison import differing_options, mcnemar

# The header of the p-values that are corrected for their number.
CORRECTED = "p by Holm"


def by_name(runs: Sequence) -> dict:
    """Returns runs by their names, or by their folders if names occur twice."""
    unique = len({run.name for run in runs}) == len(runs)
    return {run.name if unique else str(run.folder): run for run in runs}


def kept_epoch(run) -> str:
    """Returns the epoch of a finished run's weights, and of how many, unless it is unknown."""
    of = "" if run.history_remark else f" of {len(run.readable_history)}"
    return f"{run.metrics['epoch']}{of}"


def score_row(name: str, run) -> dict[str, object]:
    """Returns the score of a run, with its interval and n."""
    split = run.evaluation_split
    score = run.metrics[split]
    n, (low, high) = score["n"], score["accuracy_interval"]
    seen = split == "validation" and run.validates_on_training_images
    return {
        "run": name,
        "split": "validation, trained on" if seen else split,
        "n": count(n),
        "accuracy": percent(score["accuracy"], n),
        "95% interval": f"{percent(low, n)} to {percent(high, n)}",
        "epoch": kept_epoch(run),
        "parameters": count(run.metrics["parameters"]["total"]),
    }


def option_rows(runs: Mapping) -> list[dict[str, object]]:
    """Returns a row for each option in which runs differ."""
    return [
        {"option": path, **dict(zip(runs, map(plain, values), strict=True))}
        for path, values in differing_options(list(runs.values())).items()
    ]


def test_rows(runs: Mapping) -> tuple[list[dict[str, object]], list[str]]:
    """Returns McNemar's test of each run against the first, and what else is to be said."""
    (base, first), *others = runs.items()
    tests, notes = {}, []
    for name, run in others:
        try:
            tests[name] = mcnemar(first, run)
        except ValueError as error:
            notes.append(f"No test of {name} against {base}: {error}.")
    rows = [{"run": name, "against": base, **_test(test)} for name, test in tests.items()]
    if len(tests) > 1:
        corrected = holm([test.p_value for test in tests.values()])
        rows = [{**row, CORRECTED: number(p)} for row, p in zip(rows, corrected, strict=True)]
        notes.insert(0, f"{CORRECTED}: corrected for the number of tests, {len(tests)}.")
    return rows, notes


def _test(test) -> dict[str, object]:
    return {
        "images": f"{test.n:,} {test.split}",
        "only it right": test.only_second,
        "only the other right": test.only_first,
        "difference in points": f"{100 * test.difference:+.{2 if test.n >= 2000 else 1}f}",
        "McNemar's exact p": number(test.p_value),
    }
