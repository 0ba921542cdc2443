"""What a search found, printed."""

from pathlib import Path


def show_search(found) -> None:
    """Prints what a finished search found, and writes its page."""
    from kerasrecipes.cli.tables import print_table
    from kerasrecipes.page.formats import number, percent
    from kerasrecipes.report import write_search

    print_table(list(rung_rows(found)))
    score = found.result["score"]
    line = f"best {found.objective} {number(score['mean'])}"
    if score.get("low") is not None:
        line += f" (95% interval {number(score['low'])} to {number(score['high'])})"
    plural = "s" if score["n"] > 1 else ""
    print(f"{line}, n = {score['n']} seed{plural}, of trial {found.result['trial']}")
    if tested := len(found.scored_on_test):
        print(f"the {tested} runs of finalists were scored on test images too, which chose nothing")
    if test := found.result["test"]:
        print(f"test accuracy {percent(test['accuracy'], test['n'])}, n = {test['n']:,}")
    for path, end in found.result["at_bounds"].items():
        print(f"note: the best of {path} lie at the {end} end of its range")
    if by := found.result.get("stopped_by"):
        print(f"stopped by --{by}: the same command with more of it, or without it, goes on")
    print(f"set: {found.result['set_line']}")
    print(f"recipe: {Path(found.folder) / 'best_recipe.json'}")
    print(f"page: {write_search(found)}")


def rung_rows(found):
    """Yields a row a rung of a search: its trials, what they cost, and the best of them."""
    from kerasrecipes.page.formats import number

    best = min if found.direction == "min" else max
    constrained = any(row["status"] == "infeasible" for row in found.trial_rows)
    for position, rung in enumerate(found.rungs, start=1):
        rows = [row for row in found.trial_rows if row["rung"] == position]
        scores = [row["score"] for row in rows if row["score"] is not None]
        states = [row["status"] for row in rows]
        yield {
            "rung": f"{position}: {rung}",
            "trials": len(rows),
            "stopped": states.count("stopped"),
            "failed": states.count("failed"),
            **({"infeasible": states.count("infeasible")} if constrained else {}),
            "epochs trained": sum(row["cost_epochs"] for row in rows),
            f"best {found.objective}": number(best(scores, default=None)),
        }
