"""Folders of TensorBoard: of Keras's callback, of this package's, of other writers."""

from pathlib import Path

from kerasrecipes.base.damaged_files import DamagedFileError
from kerasrecipes.base.event_files import read_scalars
from kerasrecipes.diagnostics.reading.values import as_epochs, canonical
from kerasrecipes.diagnostics.record.series import Series

# Keras's callback names its curves so, beside some by batch and of the graph.
_BY_BATCH = ("batch_", "evaluation_", "keras", "graph")


def event_files(folder: Path) -> list[Path]:
    """Returns the event files in a folder and the folders in it."""
    return sorted(p for p in folder.glob("**/*tfevents*") if p.is_file() and p.stat().st_size)


def read_events(folder: Path) -> Series:
    """Returns the epochs in a folder of TensorBoard's.

    Raises:
        ValueError: If its files hold no loss by epochs.
    """
    curves: dict[str, dict[int, float]] = {}
    for path in event_files(folder):
        try:
            scalars = read_scalars(path)
        except ValueError as error:
            raise DamagedFileError(path, str(error)) from error
        validation = path.parent.name.lower() in ("validation", "val", "valid", "eval", "test")
        for tag, step, value in scalars:
            if tag.startswith(_BY_BATCH) or not (name := canonical(tag)):
                continue
            if validation and not name.startswith("val_"):
                name = f"val_{name}"
            curve = curves.setdefault(name, {})
            if curve and step < max(curve):
                curve.clear()  # Another training into the same folder: the last one counts.
            curve[step] = value
    loss = curves.get("loss") or curves.get("val_loss")
    if not loss:
        names = ", ".join(sorted(curves)) or "no scalars"
        raise ValueError(
            "Expected event files with the scalar `epoch_loss` or `loss`, as the callbacks "
            "keras.callbacks.TensorBoard and kerasrecipes.callbacks.TensorBoardScalars write. "
            f"Received: {folder} with {names}"
        )
    return Series(as_epochs({n: [c.get(s) for s in sorted(loss)] for n, c in curves.items()}))
