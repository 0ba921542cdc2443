"""Scripts of pages, their data, and the policy that lets no other script run."""

import base64
import hashlib
import json
import math
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from markupsafe import Markup

# The largest number of points of a curve on a page, and of metrics.
MOST_POINTS = 150
MOST_METRICS = 10


class PageScript(NamedTuple):
    """A script in a page.

    Args:
        text: Its text.
        policy: The value of `script-src` by which a browser runs it, and no other.
    """

    text: Markup
    policy: str

    @classmethod
    def of(cls, *names: str) -> "PageScript":
        """Returns the script that is made of files, by their paths from this folder, in order."""
        folder = Path(__file__).parent
        text = "\n".join((folder / name).read_text("utf-8").strip() for name in names)
        digest = base64.b64encode(hashlib.sha256(f"\n{text}\n".encode()).digest()).decode("ascii")
        return cls(Markup(f"\n{text}\n"), f"'sha256-{digest}'")


def as_data(value: object) -> Markup:
    r"""Returns a value as JSON for a `<script type="application/json">`.

    Example:

    >>> as_data({"name": "</script>"})
    Markup('{"name": "\\u003c/script\\u003e"}')
    """
    text = json.dumps(value, allow_nan=False)
    for character in "<>&":
        text = text.replace(character, f"\\u{ord(character):04x}")
    return Markup(text)


def curves_of(label: str, history: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """Returns the curves of a run for a script: epochs, and the values of each metric at them.

    Values that are not finite are `None`, where a curve has a gap. Of many epochs, some are left
    out, evenly; the last one is kept.

    Args:
        label: What the run is called.
        history: A row for each epoch.
    """
    step = -(-len(history) // MOST_POINTS)
    kept = list(history[::-1][:: max(step, 1)][::-1])
    names = dict.fromkeys(name for row in kept for name in row)
    metrics = [name for name in names if name not in ("epoch", "seconds")]
    # What is asked for most comes first.
    metrics.sort(key=lambda name: (not name.startswith("val_"), not name.endswith("accuracy")))
    return {
        "label": label,
        "epochs": [int(row["epoch"]) for row in kept],
        "curves": {
            name: [_rounded(row.get(name)) for row in kept] for name in metrics[:MOST_METRICS]
        },
    }


def _rounded(value: object) -> float | None:
    if not isinstance(value, int | float) or not math.isfinite(value):
        return None
    return float(f"{value:.5g}")
