"""Names of run folders, taken apart."""

import re
from typing import NamedTuple


class RunFolderName(NamedTuple):
    """The parts of a run folder's name.

    Args:
        name: The name that was given to `train`.
        fingerprint: The fingerprint of the recipe.
    """

    name: str
    fingerprint: str

    @classmethod
    def of(cls, folder: str) -> "RunFolderName | None":
        """Returns the parts of a name; `None` if it is not the name of a run folder.

        Runs of numerics version 1 are called `<name>-<fingerprint>`.

        Example:

        >>> RunFolderName.of("mine-0123456789ab-01234567-v2")
        RunFolderName(name='mine', fingerprint='0123456789ab')
        >>> RunFolderName.of("mine-0123456789ab").name, RunFolderName.of("mine")
        ('mine', None)
        """
        found = re.fullmatch(r"(.+?)-([0-9a-f]{12})(-[0-9a-f]{8}-v\d+)?", folder, re.DOTALL)
        return cls(found[1], found[2]) if found else None
