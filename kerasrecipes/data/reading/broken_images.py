"""Limit of broken images in a data set."""

import math
from collections.abc import Mapping

from kerasrecipes.base.text import listed, printable

BROKEN_LIMIT_FRACTION = 0.01
# In a small folder, 1% would be less than one file.
_BROKEN_AT_LEAST = 5
_NAMED_FILES = 20


def check_broken(
    broken: Mapping[str, str], total: int, place: str, fraction: float | None = None
) -> None:
    """Raises a `ValueError` that lists broken images if there are too many.

    Args:
        broken: Dict from an image's name to the reason why it is broken.
        total: The number of images, including the broken ones.
        place: The name of the data set, for the error message.
        fraction: The fraction of the images that may be broken. `None` for 1%, or 5 images if that
            is more.
    """
    if fraction is None:
        most = max(_BROKEN_AT_LEAST, BROKEN_LIMIT_FRACTION * total)
        allowed = f"{BROKEN_LIMIT_FRACTION:.0%} of the images in {place}, or {_BROKEN_AT_LEAST},"
    else:
        most = fraction * total
        allowed = f"{100 * fraction:.4g}% of the images in {place}"
    if len(broken) > most:
        named = (f"{printable(name)}: {reason}" for name, reason in broken.items())
        enough = math.ceil(100 * len(broken) / total) / 100
        raise ValueError(
            f"At most {allowed} may be broken. Received: {len(broken)} of {total}. Set "
            f"broken_fraction={enough} to go on without them, or repair or remove them:\n  "
            + listed(named, most=_NAMED_FILES, separator="\n  ")
        )
