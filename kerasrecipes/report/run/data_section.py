"""Data of a run as its report shows them: facts, and images of each class."""

from collections.abc import Mapping

from kerasrecipes.page import formats


def data_facts(data: Mapping) -> dict[str, str]:
    """Returns the facts about the data that the page lists besides its source and classes."""
    if not data:
        return {}
    low, high = data["value_range"]
    return {
        "images": ", ".join(f"{n:,} {split}" for split, n in data["sizes"].items()),
        "shape": formats.shape(data["image_shape"]),
        "value range": f"{low:g} to {high:g}",
        "resize policy": data["resize"] or "none",
        "hash": data["hash"][:16],
    }


def drawn_images(data: Mapping, drawn: Mapping | None) -> dict | None:
    """Returns how often the images of each class were drawn in training, and of the rarest class.

    Args:
        data: The contents of a run's data.json.
        drawn: `"sampling"` of its metrics.json; `None` if every image was taken once in each pass.

    Example:

    >>> data = {"class_names": ["cat", "dog"], "class_counts": {"train": [9, 3]}}
    >>> drawn = {"images": 24, "shares": [0.5, 0.5], "least": [1, 4], "most": [2, 4]}
    >>> found = drawn_images(data, drawn)
    >>> found["rows"][0]["times"], found["rarest"]["times"], found["rarest"]["in_data"]
    ('1 to 2', '4', 0.25)
    """
    counts = data.get("class_counts")
    if not counts or not drawn:
        return None
    train = counts["train"]
    rows = [
        {
            "name": name,
            "images": count,
            "in_data": count / sum(train),
            "share": share,
            "times": formats.MISSING if least is None else _times(least, most),
        }
        for name, count, share, least, most in zip(
            data["class_names"], train, drawn["shares"], drawn["least"], drawn["most"], strict=True
        )
    ]
    rarest = min((row for row in rows if row["images"]), key=lambda row: row["images"])
    return {"images": drawn["images"], "rows": rows, "rarest": rarest}


def _times(least: int, most: int) -> str:
    return f"{least:,}" if least == most else f"{least:,} to {most:,}"


def class_counts(data: Mapping) -> list[dict]:
    """Returns a row for each class: its name, its count in each split, and the length of its bar.

    The bar is the count of training images as a fraction of the largest class.
    """
    counts = data.get("class_counts")
    if not counts:
        return []
    largest = max(*counts["train"], 1)
    return [
        {"name": name, "counts": of_splits, "share": of_splits[0] / largest}
        for name, *of_splits in zip(data["class_names"], *counts.values(), strict=True)
    ]
