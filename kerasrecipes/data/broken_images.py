"""How many images of a source may be broken."""

from collections.abc import Mapping

BROKEN_LIMIT_FRACTION = 0.01
_NAMED_FILES = 20


def check_broken(broken: Mapping[str, str], total: int, place: str) -> None:
    """Raises a `ValueError` if more than 1% of the images are broken, with the first 20 of them.

    Args:
        broken: Dict from an image's name to what is wrong with it.
        total: The number of images, broken ones included.
        place: String, where they are, for the error message.
    """
    if len(broken) > BROKEN_LIMIT_FRACTION * total:
        named = [f"{name}: {reason}" for name, reason in list(broken.items())[:_NAMED_FILES]]
        more = len(broken) - len(named)
        raise ValueError(
            f"At most {BROKEN_LIMIT_FRACTION:.0%} of the images in {place} may be "
            f"broken. Received: {len(broken)} of {total}. Repair or remove them:\n  "
            + "\n  ".join(named)
            + (f"\n  and {more} more" if more else "")
        )
