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
