"""Line of a score that says how well the classes are recognized, each counted the same."""


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
