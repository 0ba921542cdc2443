"""What an initialization did to a layer."""

from dataclasses import dataclass


@dataclass(frozen=True)
class InitializedLayer:
    """What happened to one layer with weights.

    Args:
        name: The layer's.
        skipped: Why it was left as it was; empty if it was not.
        before: Standard deviation of its outputs before its activation, over samples, places and
            channels, as the function found it; `None` where it did not look.
        after: The same as the function left it.
    """

    name: str
    skipped: str = ""
    before: float | None = None
    after: float | None = None
