"""How well each class is recognized, and all of them counted the same, as `evaluate` prints it."""


def recall_rows(scored) -> list[dict[str, object]]:
    """Returns a row for each class: precision, and recall with its interval."""
    from kerasrecipes.page.formats import count, percent
    from kerasrecipes.report.run.scores import per_class

    rows = []
    for entry in per_class(scored.labels, scored.predicted, scored.class_names):
        n, interval = entry["support"], ""
        if n:
            low, high = entry["recall_interval"]
            interval = f"{percent(low, n)} to {percent(high, n)}"
        rows.append(
            {
                "class": entry["name"],
                "n": count(n),
                "precision": percent(entry["precision"], n),
                "recall": percent(entry["recall"], n),
                "95% interval of recall": interval,
            }
        )
    return rows


def recall_line(scored) -> str:
    """Returns the balanced accuracy, and the class that is recognized worst, with its interval.

    Args:
        scored: An `Evaluation`.
    """
    from kerasrecipes.page.formats import percent
    from kerasrecipes.report.run.scores import per_class

    rows = per_class(scored.labels, scored.predicted, scored.class_names)
    present = [row for row in rows if row["support"]]
    mean = sum(row["recall"] for row in present) / len(present)
    worst = min(present, key=lambda row: row["recall"])
    n, (low, high) = worst["support"], worst["recall_interval"]
    return (
        f"balanced accuracy {percent(mean, len(scored.labels))}; the worst class, {worst['name']}, "
        f"has a recall of {percent(worst['recall'], n)} (95% interval {percent(low, n)} to "
        f"{percent(high, n)}, n = {n:,})"
    )
