"""Trained networks of this package as backbones."""

from pathlib import Path

import keras

from kerasrecipes.base.checks import nearest
from kerasrecipes.base.damaged_files import check_archive

# The folder of the runs that come with the package.
SHIPPED = Path(__file__).with_name("trained")


def shipped_networks() -> list[str]:
    """Returns the names of the trained networks that come with the package."""
    return sorted(path.parent.name for path in SHIPPED.glob("*/model.keras"))


def find_trained_network(backbone: str) -> Path:
    """Returns the path of the file of a trained model, which takes raw pixels.

    Args:
        backbone: The name of a network that comes with the package, a run folder, or a `.keras`
            file.

    Raises:
        ValueError: If there is no such file; the message names the nearest.
    """
    path = Path(backbone).expanduser()
    for candidate in (SHIPPED / backbone / "model.keras", path / "model.keras", path):
        if candidate.is_file() and candidate.suffix == ".keras":
            return candidate
    folders = path.parent.iterdir() if path.parent.is_dir() else ()
    there = [p.name for p in folders if (p / "model.keras").is_file()]
    raise ValueError(
        "Expected the folder of a finished run, or a .keras file."
        f"{nearest(path.name, there)} Received: {backbone!r}, which has no trained model"
    )


def load_trained_network(path: Path, weights: bool) -> keras.Model:
    """Returns a trained model, or, with `weights=False`, a model like it with new weights."""
    check_archive(path)
    model = keras.saving.load_model(path, compile=False)
    return model if weights else keras.models.clone_model(model)
