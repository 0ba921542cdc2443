"""Claim: CoarseToFine leaves at most half of the regret of random search at the same epochs.

    python benchmarks/search.py [--tasks synthetic digits cifar10] [--repetitions 100]
    python benchmarks/search.py --unseen
    python benchmarks/search.py --tasks trained --repetitions 6

Searches are replayed: a trial looks up its scores in a table of learning curves, which
`benchmarks/search_curves.py` computed, or on a synthetic surface with a known best point. Between
the points of the table, a forest of regression trees interpolates and adds the noise of repeated
runs; see `search_replay/surfaces.py`. All contestants have the same space and may train 540 epochs,
which is 20 whole trainings of 27 epochs. A search chooses a trial by validation scores. Its regret
is the best expected test accuracy on the surface minus that of the chosen trial. In the task
`trained`, nothing is replayed: every trial is trained, and regret is the test error of the chosen
trial. `--unseen` is for the two tasks that played no part in the design of CoarseToFine, and has
two further contestants, one of which is SMAC (`pip install smac`).

Each repetition adds a row to a table in benchmarks/search_tables/ and is not run again. The printed
table has 95% t-intervals of the regrets, and of their differences to CoarseToFine, paired by
repetition.
"""

import argparse
import hashlib
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from matplotlib.figure import Figure
from matplotlib.ticker import LogLocator, NullLocator, PercentFormatter
from search_curves import TABLES
from search_replay.contestants import CONTESTANTS
from search_replay.surfaces import Recorded, Surface, Synthetic
from search_replay.trained import Trained

from kerasrecipes.cli.tables import print_table
from kerasrecipes.page.svg import RULE, house_style
from kerasrecipes.runs import Sweep

BUDGET_EPOCHS = 540
# The tasks that CoarseToFine was designed on, and those that came afterwards.
SEEN, UNSEEN = ("synthetic", "digits", "cifar10"), ("digits_features", "inverted_features")
FIGURES = {SEEN: "search", UNSEEN: "search_unseen"}
# Contestants that came with the unseen tasks.
LATER = ("Optuna GP", "SMAC")
# The shares of the budget at which regret is measured.
SHARES = (0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 1.0)
OURS, BASELINE = "CoarseToFine", "RandomSearch"
TASKS: dict[str, Callable[[], Surface]] = {
    "synthetic": Synthetic,
    "digits": lambda: Recorded("digits"),
    "cifar10": lambda: Recorded("cifar10"),
    "digits_features": lambda: Recorded("digits_features"),
    "inverted_features": lambda: Recorded("inverted_features"),
    "trained": Trained,
}
COLOURS = ("#0072b2", "#5b6470", "#b85000", "#007a5a", "#a0418f", "#c99700", "#5aa9d6")
ROOT = Path(__file__).parents[1]


def main(tasks: Sequence[str], tuners: Sequence[str], repetitions: int, seconds: float) -> None:
    began = time.monotonic()
    results = {}
    for task in tasks:
        table = TABLES / f"replay_{task}.csv"
        results[task] = Sweep.read(table) if table.exists() else Sweep(())
    surfaces = {task: TASKS[task]() for task in tasks}
    # All contestants run one repetition before the next one, so that a table that stops early holds
    # the same repetitions for each.
    for seed in range(repetitions):
        for task in tasks:
            done = {(row["label"], row["seed"]) for row in results[task].rows}
            for name in tuners:
                if (name, seed) not in done and time.monotonic() - began < seconds:
                    row = {"label": name, "seed": seed, **play(surfaces[task], name, seed)}
                    results[task] = results[task].add(row)
                    results[task].write(TABLES / f"replay_{task}.csv")
    for task, result in results.items():
        print_table(summary(task, result))
    if tuple(tasks) in FIGURES:
        path = ROOT / "docs" / "images" / f"{FIGURES[tuple(tasks)]}.svg"
        draw(results).savefig(path, metadata={"Date": None})


def play(surface: Surface, contestant: str, seed: int) -> dict[str, object]:
    """Returns the regret of one search at each share of the budget."""
    began = time.process_time()
    chosen: dict[float, Mapping[str, object]] = {}
    for spent, best in CONTESTANTS[contestant](surface, BUDGET_EPOCHS, seed):
        chosen |= {share: best for share in SHARES if share * BUDGET_EPOCHS >= spent}
    seconds = time.process_time() - began
    regrets: dict[str, float] = {}
    for best in chosen.values():
        if str(best) not in regrets:
            regrets[str(best)] = surface.regret(best)
    return {
        "fingerprint": surface.name,
        "data_hash": digest(surface),
        # It is None at a share of the budget in which no trial ended.
        **{f"test_regret_{s:.0%}": regrets.get(str(chosen.get(s))) for s in SHARES},
        "seconds": round(seconds, 2),
    }


def digest(surface: Surface) -> str:
    """Returns a hash of the table that a surface is made from."""
    path = TABLES / f"{surface.name}.csv"
    return hashlib.sha256(path.read_bytes() if path.exists() else b"").hexdigest()[:12]


def summary(task: str, result: Sweep) -> list[dict[str, str]]:
    """Returns a row for each contestant: its regret after the whole budget, and the difference."""
    metric = f"test_regret_{SHARES[-1]:.0%}"
    rows = {row["label"]: row for row in result.summary(metric)}
    differences = {row["label"]: row for row in result.differences(OURS, metric)}
    found = []
    for name, row in sorted(rows.items(), key=lambda item: item[1]["mean"]):
        other = differences.get(name)
        found.append(
            {
                "task": task,
                "tuner": name,
                "n": str(row["n"]),
                "regret": f"{row['mean']:.2%}",
                "95% interval": _interval(row, ".2%"),
                "of random": f"{row['mean'] / rows[BASELINE]['mean']:.2f}",
                "more than ours": ""
                if other is None
                else f"{other['mean']:+.2%} ({_interval(other, '+.2%')})",
            }
        )
    return found


def _interval(row: Mapping[str, Any], form: str) -> str:
    """Returns the interval of a row, which has none where all of its regrets are equal."""
    return "unknown" if row["low"] is None else f"{row['low']:{form}} to {row['high']:{form}}"


def draw(results: dict[str, Sweep]) -> Figure:
    """Returns a figure with a panel for each task: mean regret over the trained epochs."""
    with house_style():
        figure = Figure(figsize=(9, 3.2), dpi=144, layout="constrained")
        panels = figure.subplots(1, len(results), squeeze=False)[0]
        for axes, (task, result) in zip(panels, results.items(), strict=True):
            for colour, name in zip(COLOURS, CONTESTANTS, strict=True):
                if name not in result.labels:
                    continue
                rows = [
                    next(r for r in result.summary(f"test_regret_{s:.0%}") if r["label"] == name)
                    for s in SHARES
                ]
                there = [i for i, row in enumerate(rows) if row["low"] is not None]
                x = np.array(SHARES)[there] * BUDGET_EPOCHS
                mean, low, high = (
                    np.array([rows[i][key] for i in there]) for key in ("mean", "low", "high")
                )
                axes.plot(x, mean, color=colour, linewidth=1.6, label=name)
                axes.fill_between(x, low, high, color=colour, alpha=0.15, linewidth=0)
            axes.set(title=task, xlabel="epochs trained", yscale="log")
            axes.yaxis.set_major_locator(LogLocator(subs=(1, 2, 5)))
            axes.yaxis.set_minor_locator(NullLocator())
            axes.yaxis.set_major_formatter(PercentFormatter(1, decimals=0))
            axes.yaxis.grid(color=RULE, linewidth=0.8)
        panels[0].set_ylabel("regret (test accuracy)")
        panels[-1].legend(frameon=False, fontsize=7)
    return figure


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--tasks", nargs="+", choices=TASKS, help="instead of those designed on")
    parser.add_argument("--tuners", nargs="+", choices=CONTESTANTS)
    parser.add_argument("--unseen", action="store_true", help="tasks that no design has seen")
    parser.add_argument("--repetitions", type=int, default=100)
    parser.add_argument("--seconds", type=float, default=float("inf"), help="stop after these")
    arguments = parser.parse_args()
    main(
        arguments.tasks or (UNSEEN if arguments.unseen else SEEN),
        arguments.tuners or [n for n in CONTESTANTS if arguments.unseen or n not in LATER],
        arguments.repetitions,
        arguments.seconds,
    )
