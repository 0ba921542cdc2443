"""Run folders: their names, and functions that find, load and remove them."""

import shutil
from pathlib import Path

from kerasrecipes.training.files.folder_names import RunFolderName
from kerasrecipes.training.numerics import NUMERICS_VERSION
from kerasrecipes.training.run import Run


def run_folder(
    directory: str | Path, name: str, fingerprint: str, data_hash: str, run: Run | None = None
) -> Path:
    """Returns the path of a run folder, which need not exist.

    It is `<name>-<fingerprint>-<data>-v<numerics version>`. `<data>` is the beginning of the hash
    of the data: local paths are no part of a fingerprint, so that two folders of images may have
    the same one. If a `run` is given that is of this recipe and these data, its folder is returned,
    which may have been renamed.
    """
    named = Path(directory) / f"{name}-{fingerprint}-{data_hash[:8]}-v{NUMERICS_VERSION}"
    if run is None or run.name == named.name or not run.is_of(fingerprint, data_hash):
        return named
    return run.folder


def runs_of(directory: str | Path, name: str, fingerprint: str) -> list[Run]:
    """Returns all runs of a recipe under a name: on any data, of any numerics version."""
    parts = RunFolderName(name, fingerprint)
    return [run for run in find_runs(directory) if RunFolderName.of(run.name) == parts]


def load(folder: str | Path) -> Run:
    """Returns the run in a folder.

    Raises:
        ValueError: If the folder is not a run folder.
    """
    return Run(folder)


def find_runs(directory: str | Path) -> list[Run]:
    """Returns the runs whose folders are in a directory, sorted by name."""
    return [Run(path.parent) for path in sorted(Path(directory).glob("*/recipe.json"))]


def remove(folder: Path) -> None:
    """Deletes a run folder. Any other folder is refused with a `ValueError`."""
    Run(folder)
    shutil.rmtree(folder)
