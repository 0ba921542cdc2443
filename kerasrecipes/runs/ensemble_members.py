"""Members of an ensemble's run, as its ensemble.json tells."""

from pathlib import Path
from typing import Any

from kerasrecipes.base.damaged_files import read_json

FILE = "ensemble.json"


def members_of(folder: Path) -> list[dict[str, Any]]:
    """Returns the members of a run that `kerasrecipes.ensembles.combine` wrote; of others none.

    Args:
        folder: The run folder.

    Returns:
        A dict for each member: `folder`, `weight`, and for each split `accuracy` and `log_loss`.

    Raises:
        DamagedFileError: If the file cannot be read.
    """
    path = folder / FILE
    way_out = "Delete it: nothing but the table of members depends on it."
    return read_json(path, {"members": list}, way_out)["members"] if path.is_file() else []
