"""Lines for people: about images, and about the speed of a network."""

from kerasrecipes.base.text import listed
from kerasrecipes.proposals.budget.step_times import BATCH_SIZE
from kerasrecipes.proposals.images.image_facts import ImageFacts
from kerasrecipes.proposals.networks import TimedNetwork

_NAMED_CLASSES = 6


def described(facts: ImageFacts) -> str:
    """Returns a line about images.

    Example:

    >>> described(ImageFacts(use("Digits"), ("cat", "dog"), {"train": (150, 95)}, (32, 40, 64),
    ...                      (80, 64), duplicates=2))  # doctest: +NORMALIZE_WHITESPACE
    '245 images of 2 classes (cat 150, dog 95); shorter sides of 32 to 64 pixels, half of them up
    to 40; in colour; 2 repeat an earlier one'
    """
    counts = [sum(own) for own in zip(*facts.counts.values(), strict=True)]
    each = (f"{name} {n:,}" for name, n in zip(facts.class_names, counts, strict=True))
    low, middle, high = facts.sides
    sides = f"{low}" if low == high else f"{low:,} to {high:,}"
    told = [
        f"{facts.total:,} images of {len(facts.class_names):,} classes "
        f"({listed(each, most=_NAMED_CLASSES)})",
        f"shorter sides of {sides} pixels"
        + (f", half of them up to {middle:,}" if low != high else ""),
        "grey" if facts.grey else "in colour",
    ]
    if facts.duplicates:
        other = f", {facts.conflicting:,} of them with another class" if facts.conflicting else ""
        told.append(f"{facts.duplicates:,} repeat an earlier one{other}")
    if facts.skipped:
        told.append(f"{facts.skipped:,} files skipped")
    return "; ".join(told)


def speed(timed: TimedNetwork) -> str:
    """Returns a line about the speed of a network on this machine."""
    times = timed.times
    training = (
        "" if times.step is None else f", {1000 * times.step:.0f} ms to train on {BATCH_SIZE}"
    )
    return (
        f"{timed.network.title} at {timed.image_size} pixels: here "
        f"{1000 * times.forward_image:.1f} ms to look at an image{training}"
    )
